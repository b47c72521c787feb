from behave import then


@then('the colour is "{colour}"')
def the_colour_is(context, colour):
    assert context.config.userdata["colour"] == colour, context.config.userdata["colour"]
