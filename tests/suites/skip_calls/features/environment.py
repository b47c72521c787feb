def before_feature(context, feature):
    if "skip.feature" in feature.tags:
        feature.skip("the whole of it")
    for scenario in feature.walk_scenarios():
        if "skip.marked" in scenario.tags:
            scenario.mark_skipped()


def before_rule(context, rule):
    if "skip.rule" in rule.tags:
        rule.skip("this rule")


def before_scenario(context, scenario):
    if "skip.scenario" in scenario.effective_tags:
        scenario.skip("this scenario")


def before_tag(context, tag):
    if tag == "skip.tag":
        context.scenario.skip("this tag")


def after_scenario(context, scenario):
    if "skip.late" in scenario.effective_tags:
        scenario.skip("too late")
