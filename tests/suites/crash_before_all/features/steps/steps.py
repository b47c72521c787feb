from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("a step behind the hook")
def behind(context):
    pass
