from behave import step
from behave.api.pending_step import StepNotImplementedError


@step("a step that passes")
def passes(context):
    pass


@step("a step that is pending")
def pending(context):
    raise StepNotImplementedError("When a step that is pending")
