from behave import step

from state import first_time


@step("a step that passes")
def passes(context):
    pass


@step("{what} fails the first time")
def fails_first(context, what):
    print("trying", what)
    assert not first_time(what.replace(" ", "-")), f"{what}: this was the first time"


@step("it raises the first time")
def raises_first(context):
    if first_time("raises"):
        raise ConnectionError("no answer")


@step("it always fails")
def always_fails(context):
    assert False, "for good"
