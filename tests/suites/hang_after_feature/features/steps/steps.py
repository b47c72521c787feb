from behave import step


@step("a step that passes")
def passes(context):
    pass
