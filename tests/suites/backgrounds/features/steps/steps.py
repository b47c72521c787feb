from behave import given, then, when


@given("a shop with")
def a_shop(context):
    context.prices = {row["fruit"]: int(row["price"]) for row in context.table}


@given("the note")
def the_note(context):
    assert context.text == "open until six"


@given("the price of {fruit} is {price:d}")
def the_price(context, fruit, price):
    if "prices" not in context:
        context.prices = {}
    context.prices[fruit] = price


@when("a {fruit} is bought")
@when("an {fruit} is bought")
def is_bought(context, fruit):
    if "paid" not in context:
        context.paid = 0
    context.paid += context.prices[fruit]


@then("{sum_:d} is paid")
def is_paid(context, sum_):
    assert context.paid == sum_, f"{context.paid} was paid"


@given("a step that raises")
def raises(context):
    raise LookupError("no shop")
