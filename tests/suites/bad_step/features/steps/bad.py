from behave import given, use_step_matcher

use_step_matcher("re")


@given("a step with a bad (pattern")
def bad(context):
    pass
