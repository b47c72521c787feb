import os
import time

from behave import given, then


@given("the other feature has begun, as this one, the {name}, has")
def has_begun(context, name):
    other = {"first": "second", "second": "first"}[name]
    folder = os.environ.get("SUITE_STATE", ".")
    with open(os.path.join(folder, f"begun-{name}"), "w", encoding="utf-8"):
        pass
    end = time.monotonic() + float(os.environ.get("SUITE_PATIENCE", "10"))
    while not os.path.exists(os.path.join(folder, f"begun-{other}")):
        assert time.monotonic() < end, f"the {other} did not begin: run with two workers"
        time.sleep(0.01)


@then('"{text}" is written')
def is_written(context, text):
    with open("collision.txt", "w", encoding="utf-8") as file:
        file.write(text)
