from behave import given, then


@given('the user "{user}"')
def the_user(context, user):
    context.user = user


@then("the login works")
def the_login_works(context):
    assert context.user != "eve", "eve may not"
