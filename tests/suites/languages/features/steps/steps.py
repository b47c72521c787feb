from behave import given, then, when


@given("ich habe {count:d} Äpfel")
@given("j'ai {count:d} pommes")
@given("りんごが {count:d} 個ある")
@given("{count:d} 🍎")
def there_are(context, count):
    context.count = count


@when("ich {count:d} esse")
@when("j'en mange {count:d}")
@when("{count:d} 個食べる")
@when("{count:d} 😋")
def are_eaten(context, count):
    context.count -= count


@then("habe ich {count:d}")
@then("il m'en reste {count:d}")
@then("{count:d} 個残る")
@then("{count:d} 🍏")
def are_left(context, count):
    assert context.count == count, f"übrig: {context.count} 個"
