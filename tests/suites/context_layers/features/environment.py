def before_feature(context, feature):
    context.feature_word = "from before_feature"


def before_rule(context, rule):
    context.rule_word = "from before_rule"


def after_rule(context, rule):
    assert context.rule_word == "from before_rule"
