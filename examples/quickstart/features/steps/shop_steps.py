"""Steps of the shop."""

from decimal import Decimal

from behave import given, register_type, then, when
from shop.basket import Basket

register_type(Money=Decimal)


@given("an empty basket")
def empty_basket(context):
    context.basket = Basket()


@when("I put {count:d} {thing} at {price:Money} into the basket")
def put(context, count, thing, price):
    context.basket.put(thing, count, price)


@when("I try to put {count:d} {thing} at {price:Money} into the basket")
def try_to_put(context, count, thing, price):
    try:
        context.basket.put(thing, count, price)
    except ValueError as error:
        context.told = str(error)


@when("I pay")
def pay(context):
    context.receipt = context.till.pay(context.basket)


@when("I print the receipt")
def print_receipt(context):
    context.printed = context.till.print(context.receipt)


@then("the total is {amount:Money}")
def total_is(context, amount):
    total = context.basket.total
    assert total == amount, f"the total is {total}"


@then("the basket holds")
def basket_holds(context):
    expected = {row["thing"]: int(row["count"]) for row in context.table}
    assert context.basket.counts == expected, f"the basket holds {context.basket.counts}"


@then('I am told "{message}"')
def told(context, message):
    assert context.told == message, f"I was told {context.told!r}"


@then("the receipt reads")
def receipt_reads(context):
    with open(context.receipt, encoding="utf-8") as file:
        text = file.read().rstrip("\n")
    assert text == context.text, text


@then("the printer has printed {count:d} lines")
def printed_lines(context, count):
    assert context.printed == count, f"it printed {context.printed}"
