from behave.model import Scenario


def before_all(context):
    Scenario.continue_after_failed_step = True


def before_scenario(context, scenario):
    if "stop" in scenario.tags:
        scenario.continue_after_failed_step = False
