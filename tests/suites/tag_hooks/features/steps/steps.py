from behave import then


@then("the tags so far are {tags}")
def the_tags(context, tags):
    assert context.seen == tags.split(", "), context.seen
