import os


def before_scenario(context, scenario):
    if scenario.name == "Here":
        os._exit(0)
