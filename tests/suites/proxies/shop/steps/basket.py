from behave import given, when

__all__ = ["a_basket", "is_put_into_it"]


@given("a basket")
def a_basket(context):
    context.basket = []


@when("an apple is put into it")
def is_put_into_it(context):
    context.basket.append(100)
