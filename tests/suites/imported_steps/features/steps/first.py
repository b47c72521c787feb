from behave import given, then

from counter import count


@given("a step of the first module")
def first(context):
    count(context)


@then("{number:d} steps were counted")
def were_counted(context, number):
    assert context.count == number
