from behave import then


@then("it weighs {grams:d} grams")
def it_weighs(context, grams):
    assert sum(context.basket) == grams, f"it weighs {sum(context.basket)}"
