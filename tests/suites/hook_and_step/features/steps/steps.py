from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("a step that fails")
def fails(context):
    assert False, "the step"
