from behave import given, then, when


@given("a step that passes")
def passes(context):
    pass


@given("a step that fails")
@then("a step that fails")
def fails(context):
    assert False, "it must not run"


@when("the scenario is skipped")
def is_skipped(context):
    context.scenario.skip("not today")
