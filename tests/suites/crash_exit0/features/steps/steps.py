import os

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("the process ends")
def ends(context):
    print("these are the last words", flush=True)
    os._exit(0)
