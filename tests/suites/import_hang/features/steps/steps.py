import threading

from behave import given


@given("a step that passes")
def passes(context):
    pass


threading.Event().wait()
