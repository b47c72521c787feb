from behave import given, then


@given('"{word}" is noted')
def is_noted(context, word):
    if "noted" not in context:
        context.noted = []
    context.noted.append(word)


@then("{count:d} thing is noted")
@then("{count:d} things are noted")
def things_are_noted(context, count):
    assert len(context.noted) == count, context.noted


@given("an assertion fails")
def assertion_fails(context):
    assert False, "in the background"
