from behave import given


@given("a step that is broken"
def broken(context):
    pass
