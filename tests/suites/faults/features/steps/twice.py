from behave import use_step_matcher, when


@when("the job ends")
def first(context):
    pass


@when("the job ends")
def second(context):
    pass


@when("the job ends")
def third(context):
    pass


@when("I open {what}")
def anything(context, what):
    pass


@when("I open the {door}")
def door(context, door):
    pass


use_step_matcher("re")


@when("^I wait$")
def wait(context):
    pass
