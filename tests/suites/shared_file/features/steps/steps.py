import os

from behave import given, then

PATH = os.path.join("work", "shared.txt")


@given('"{text}" is written')
def is_written(context, text):
    os.makedirs("work", exist_ok=True)
    with open(PATH, "w", encoding="utf-8") as file:
        file.write(f"{text}\n")


@given('"{text}" is appended')
def is_appended(context, text):
    with open(PATH, "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@then('"{text}" is read')
def is_read(context, text):
    with open(PATH, encoding="utf-8") as file:
        found = ", ".join(file.read().splitlines())
    assert found == text, f"found {found}"
