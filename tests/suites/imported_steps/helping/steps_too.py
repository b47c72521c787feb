from behave import given

from features.counter import count


@given("a step of a module beside the features")
def beside(context):
    count(context)
