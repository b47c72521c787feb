from behave import given, then


@given("a step at the top")
def at_the_top(context):
    pass


@then("a step that fails")
def fails(context):
    assert False, "in a folder of a folder"
