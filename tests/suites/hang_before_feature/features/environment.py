import threading


def before_feature(context, feature):
    if "Hooks" in feature.name:
        threading.Event().wait()
