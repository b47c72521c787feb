from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("the run is aborted")
def is_aborted(context):
    context.abort("that is enough")
