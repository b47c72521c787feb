import warnings


def before_feature(context, feature):
    warnings.warn("a feature begins", UserWarning)


def before_scenario(context, scenario):
    warnings.warn(f"it is {scenario.name}", UserWarning)
