def before_scenario(context, scenario):
    print("in before_scenario")
    if "broken" in scenario.tags:
        raise RuntimeError("before_scenario is broken")


def after_scenario(context, scenario):
    print("in after_scenario")
