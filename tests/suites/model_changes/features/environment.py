def before_scenario(context, scenario):
    if "gets a tag" in scenario.name:
        scenario.tags.append("added")
    elif "another name" in scenario.name:
        scenario.name = "Renamed"
    elif "description" in scenario.name:
        scenario.description.append("Added by a hook")
    elif "it fails" in scenario.name.lower():
        scenario.name = "Renamed and failed"
    elif scenario._row is not None:
        scenario.name = f"Row {scenario._row['n']}"


def after_step(context, step):
    if step.name == "a step that changes its name":
        step.name = "a step that has another name"
