from behave import given


@given("a step further below")
def further_below(context):
    pass
