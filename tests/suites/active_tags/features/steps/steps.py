from behave import given


@given("a step that passes")
def passes(context):
    pass


@given("a step that fails")
def fails(context):
    assert False, "it must not run"
