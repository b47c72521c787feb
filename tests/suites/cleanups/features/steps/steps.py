from behave import given, then

cleaned = []


@given('a cleanup "{name}"')
def a_cleanup(context, name):
    context.add_cleanup(cleaned.append, name)


@then("it fails")
def fails(context):
    assert False, "with a cleanup"


@then("these were cleaned up: {names}")
def were_cleaned_up(context, names):
    assert cleaned == names.split(", "), cleaned
