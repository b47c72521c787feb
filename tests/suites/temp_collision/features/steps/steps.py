import os
import tempfile
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


@then('"{name}" is made in the temporary directory, where it was not before')
def is_made(context, name):
    with open(os.path.join(tempfile.gettempdir(), name), "x", encoding="utf-8") as file:
        file.write("x")
