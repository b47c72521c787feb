import threading


def after_feature(context, feature):
    if "Hooks" in feature.name:
        threading.Event().wait()
