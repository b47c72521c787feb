import sys


def after_scenario(context, scenario):
    if scenario.name == "Both":
        raise RuntimeError("the hook")
    if "interpreter" in scenario.name:
        sys.exit(0)
