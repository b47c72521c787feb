import re

from behave import step


@step("a step that passes")
def passes(context):
    pass


@step("it is matched")
def is_matched(context):
    re.match(r"(a+)+$", "a" * 64 + "b")
