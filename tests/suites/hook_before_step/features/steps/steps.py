from behave import step


@step("a step that passes")
def passes(context):
    print("in a step")


@step("a step with a broken hook")
def with_a_broken_hook(context):
    print("in a step with a broken hook")
