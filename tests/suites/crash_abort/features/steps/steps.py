import os
import resource

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("the process aborts")
def aborts(context):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()
