import os
import threading

from behave import step

from state import first_time


@step("a step that passes")
def passes(context):
    pass


@step("the process ends the first time")
def ends(context):
    if first_time("crash"):
        os._exit(0)


@step("it hangs the first time")
def hangs(context):
    if first_time("hang"):
        threading.Event().wait()
