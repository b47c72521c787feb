from behave import when


@when("a melon is put into it")
def melon(context):
    context.basket.append(1500)
