from behave import given


@given("a step that passes")
def passes(context):
    pass
