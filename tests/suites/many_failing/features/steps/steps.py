from behave import given, then


@given("a step that passes")
def passes(context):
    pass


@then("{number:d} is refused")
def is_refused(context, number):
    print("refusing", number)
    if number % 3 == 0:
        raise ValueError(number)
    assert number % 3 == 2, f"{number} is refused"
