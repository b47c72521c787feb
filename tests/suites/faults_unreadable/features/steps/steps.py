from behave import given


@given("a paid order")
def paid(context):
    pass
