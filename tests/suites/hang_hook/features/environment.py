import threading


def before_scenario(context, scenario):
    if "before" in scenario.tags:
        threading.Event().wait()
    if "cleanup" in scenario.tags:
        context.add_cleanup(threading.Event().wait)


def after_scenario(context, scenario):
    if "after" in scenario.tags:
        threading.Event().wait()
