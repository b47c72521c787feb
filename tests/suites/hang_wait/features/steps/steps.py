import threading

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("an event is awaited")
def is_awaited(context):
    print("about to wait", flush=True)
    threading.Event().wait()
