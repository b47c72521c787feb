import os
import sys
import warnings

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from behave import given, then, when  # noqa: E402
from shop.old import hidden, old_way  # noqa: E402


def at_load_and_later():
    old_way()


at_load_and_later()


@given("something old")
def _(context):
    old_way()
    print("used", file=sys.stderr)


@when("it is used {times:d} times")
def _(context, times):
    for _number in range(times):
        hidden()


@when("it was used while loading")
def _(context):
    at_load_and_later()


@then("it fails")
def _(context):
    raise AssertionError("as told")


@given("warnings are wanted every time")
def _(context):
    filters = warnings.catch_warnings()
    filters.__enter__()
    context.add_cleanup(filters.__exit__)
    warnings.simplefilter("always")
