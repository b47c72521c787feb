import time

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("the step sleeps")
def sleeps(context):
    while True:
        try:
            time.sleep(0.05)
        except Exception:
            pass
