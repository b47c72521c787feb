from behave import given, step, then, when


@step("the number {number:d}")
def the_number(context, number):
    context.number = number


@step("{number:d} is added")
def is_added(context, number):
    context.number += number


@step("the number is {number:d}")
def the_number_is(context, number):
    assert context.number == number


@step("the number is not {number:d}")
def the_number_is_not(context, number):
    assert context.number != number


@given("it is {hour:d} o'clock")
def it_is(context, hour):
    context.hour = hour


@then('the greeting is "{greeting}"')
def the_greeting_is(context, greeting):
    assert greeting == ("Good morning" if context.hour < 12 else "Good evening")
