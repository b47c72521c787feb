from behave import given


@given("the steps of the stage")
def not_of_the_stage(context):
    assert False, "the wrong steps"
