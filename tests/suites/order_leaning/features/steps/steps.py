from behave import given, then, when

store = {}


@given("the store gets {count:d} apples")
def gets(context, count):
    store["apples"] = count


@when("{count:d} apple is sold")
def is_sold(context, count):
    store["apples"] -= count


@then("the store holds {count:d} apples")
def holds(context, count):
    assert store["apples"] == count, store["apples"]


@given("nothing")
def nothing(context):
    pass
