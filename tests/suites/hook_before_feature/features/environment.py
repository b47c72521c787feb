def before_feature(context, feature):
    print("in before_feature")
    if "whole" in feature.tags:
        raise RuntimeError("before_feature is broken")


def after_feature(context, feature):
    print("in after_feature")
