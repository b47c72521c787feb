from behave import given, then


@given("the steps of the stage")
def of_the_stage(context):
    pass


@then("the environment is that of the stage")
def the_environment(context):
    assert context.stage == "develop"
