from behave.tag_matcher import ActiveTagMatcher

matcher = ActiveTagMatcher({"colour": "red", "size": "small"})


def before_feature(context, feature):
    if matcher.should_exclude_with(feature.tags):
        feature.skip(matcher.exclude_reason)


def before_scenario(context, scenario):
    if matcher.should_exclude_with(scenario.effective_tags):
        scenario.skip(matcher.exclude_reason)
