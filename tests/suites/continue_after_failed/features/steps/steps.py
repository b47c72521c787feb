from behave import step


@step("a step that passes")
def passes(context):
    print("it passes")


@step("a step that fails")
def fails(context):
    assert False, "it fails"


@step("a step that raises")
def raises(context):
    raise RuntimeError("it raises")
