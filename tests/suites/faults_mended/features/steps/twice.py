from behave import use_step_matcher, when


@when("the job ends")
def first(context):
    pass


@when("I open the {door:w}")
def door(context, door):
    pass


use_step_matcher("re")


@when("I wait")
def wait(context):
    pass
