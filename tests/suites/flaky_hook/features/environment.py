from state import first_time


def before_feature(context, feature):
    if "hook of the feature" in feature.name and first_time("feature"):
        raise ConnectionError("no answer")


def before_scenario(context, scenario):
    if "before" in scenario.tags:
        assert not first_time("before"), "the first time"


def after_scenario(context, scenario):
    if "after" in scenario.tags and first_time("after"):
        raise ConnectionError("no answer")
