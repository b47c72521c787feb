def after_rule(context, rule):
    print("in after_rule")
    if "broken_rule" in rule.tags:
        assert False, "after_rule is broken"
