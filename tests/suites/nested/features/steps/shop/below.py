from behave import given


@given("a step below")
def below(context):
    pass
