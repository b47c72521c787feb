from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("a step before the hook")
def before(context):
    pass
