from behave import given


@given("a step that {does}")
def does_something(context, does):
    pass
