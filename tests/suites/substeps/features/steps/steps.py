from behave import given, step, then, when


@step("a step that passes")
def passes(context):
    print("in a step that passes")


@step("a step that fails")
def fails(context):
    print("in a step that fails")
    assert False, "the inner one"


@step("a step that raises")
def raises(context):
    raise OSError(2, "not there")


@step("a step that skips")
def skips(context):
    context.scenario.skip("from inside")


@given("the basket holds")
def holds(context):
    context.basket = [row["fruit"] for row in context.table]


@given("the text")
def the_text(context):
    context.said = context.text


@when("all is bought")
def all_is_bought(context):
    table = context.table
    context.execute_steps("""
        Given a step that passes
        And the basket holds
          | fruit |
          | pear  |
        And the text
          '''
          two
          lines
          '''
    """)
    assert context.basket == ["pear"]
    assert context.said == "two\nlines"
    assert context.table is table
    context.paid = 1


@then("{count:d} thing is paid")
def is_paid(context, count):
    assert context.paid == count


@when("a step calls one that {does}")
def calls_one(context, does):
    if does == "is undefined":
        context.execute_steps("When nobody knows this")
    elif does in ("fails", "raises", "skips"):
        context.execute_steps(f"Given a step that passes\nWhen a step that {does}")


@when("a step calls a step that calls one that fails")
def calls_deeper(context):
    context.execute_steps("When a step calls one that fails")


@when('a step calls "{text}"')
def calls(context, text):
    context.execute_steps(text)
