from behave import given


@given("the number {number:d}")
def the_number(context, number):
    assert number == 1, f"the number is {number}"
