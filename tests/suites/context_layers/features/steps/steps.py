from behave import given, then


@given('"{name}" is set to "{value}"')
def is_set_to(context, name, value):
    setattr(context, name, value)


@then('"{name}" is "{value}"')
def it_is(context, name, value):
    assert getattr(context, name) == value, getattr(context, name)


@then('"{name}" is not set')
def is_not_set(context, name):
    assert name not in context
