from behave import given, then

open_shops = []


@given("the shop is opened")
def is_opened(context):
    open_shops.append("shop")


@then("a {fruit} can be bought")
@then("an {fruit} can be bought")
def can_be_bought(context, fruit):
    assert open_shops, "the shop is closed"


@given("the shop is closed")
def is_closed(context):
    open_shops.clear()


@given("nothing")
def nothing(context):
    pass
