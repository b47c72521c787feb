def after_feature(context, feature):
    print("in after_feature")
    if "whole" in feature.tags:
        assert False, "after_feature is broken"
