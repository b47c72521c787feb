from behave import given, then


@then("its tags are {tags}")
def its_tags(context, tags):
    assert context.scenario.tags == tags.split(", "), context.scenario.tags


@then('its name is "{name}"')
def its_name(context, name):
    assert context.scenario.name == name, context.scenario.name


@given("a step that passes")
def passes(context):
    pass


@given("a step that fails")
def fails(context):
    assert False, context.scenario.name


@given("a step that changes its name")
def changes(context):
    pass
