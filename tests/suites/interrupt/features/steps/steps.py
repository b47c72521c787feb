from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("a KeyboardInterrupt is raised")
def is_raised(context):
    raise KeyboardInterrupt
