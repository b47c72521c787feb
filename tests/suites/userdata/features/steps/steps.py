from behave import then


@then("the colour is {colour}, the count {count:d} and the flag {flag}")
def they_are(context, colour, count, flag):
    data = context.config.userdata
    assert data["colour"] == colour, data["colour"]
    assert data.getint("count") == count
    assert str(data.getbool("flag")) == flag


@then('the place is "{place}"')
def the_place(context, place):
    assert context.config.userdata["place"] == place


@then('the bare name is "{value}"')
def the_bare_name(context, value):
    assert context.config.userdata["bare"] == value
