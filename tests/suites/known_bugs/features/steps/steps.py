import os
import signal
import sqlite3

from behave import step
from behave.api.pending_step import StepNotImplementedError


@step("it passes")
def _(context):
    pass


@step("it fails")
def _(context):
    raise AssertionError("it was to be")


@step("it raises")
def _(context):
    raise ValueError("of no  value")


@step("it looks up what is not there")
def _(context):
    return {}["missing"]


@step("it skips")
def _(context):
    context.scenario.skip("not today")


@step("it is pending")
def _(context):
    raise StepNotImplementedError("later")


@step("the process dies")
def _(context):
    os.kill(os.getpid(), signal.SIGKILL)


@step("the database is locked")
def _(context):
    raise sqlite3.OperationalError("database is locked")


@step("the database is locked once, and then it fails")
def _(context):
    if context.first_time("step"):
        raise sqlite3.OperationalError("database is locked")
    raise AssertionError("it was to be")


@step("a refused connection is wrapped")
def _(context):
    try:
        raise ConnectionRefusedError(111, "Connection refused")
    except ConnectionRefusedError as error:
        raise RuntimeError("the service is not there") from error
