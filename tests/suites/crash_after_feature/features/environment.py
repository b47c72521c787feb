import os


def after_feature(context, feature):
    if feature.name == "after_feature ends the process":
        os._exit(0)
