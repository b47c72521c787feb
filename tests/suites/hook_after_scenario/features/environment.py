def after_scenario(context, scenario):
    print("in after_scenario")
    if "broken" in scenario.tags:
        assert False, "after_scenario is broken"
