def before_rule(context, rule):
    print("in before_rule")
    if "broken_rule" in rule.tags:
        raise RuntimeError("before_rule is broken")
