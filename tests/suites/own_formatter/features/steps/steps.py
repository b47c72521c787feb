from behave import given, then, when


@given("the number {number:d}")
def the_number(context, number):
    context.number = number


@when('"{text}" is attached')
def is_attached(context, text):
    context.attach("text/plain", text.encode())


@then("the number is {number:d}")
def the_number_is(context, number):
    assert context.number == number, f"the number is {context.number}"
