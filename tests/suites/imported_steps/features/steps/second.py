from behave import given

from counter import count
from features.steps.first import first
from helping.steps_too import beside


@given("a step of the second module")
def second(context):
    count(context)
