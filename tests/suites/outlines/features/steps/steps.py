from behave import given, then, when


@given("the numbers {a:d} and {b:d}")
def the_numbers(context, a, b):
    context.numbers = [a, b]


@when("they are added")
def they_are_added(context):
    context.sum = sum(context.numbers)


@then("the sum is {number:d}")
def the_sum_is(context, number):
    assert context.sum == number, f"{context.sum} is not {number}"


@given("the table")
def the_table(context):
    context.rows = [dict(row.items()) for row in context.table]


@given("the text")
def the_text(context):
    context.letter = context.text


@then('"{name}" and "{value}" are in both')
def are_in_both(context, name, value):
    assert context.rows[0] == {"name": name, "value": value, "both": f"{name}: {value}"}
    assert context.letter == f"Dear {name},\nyou owe {value}."
    assert context.active_outline["name"] == name


@then('the text is "{text}"')
def the_text_is(context, text):
    assert context.letter == text
