def before_feature(context, feature):
    context.rules = 0


def before_rule(context, rule):
    print("before rule", rule.name)
    assert "noted" not in context


def after_rule(context, rule):
    print("after rule", rule.name)
