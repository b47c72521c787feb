"""Steps of the slash commands."""

from agents import slash
from behave import then, when


@when('I type "{typed}" in a terminal of {columns:d} columns')
def type_slash(context, typed, columns):
    context.lines = slash.overlay(slash.commands(), typed, columns)


@then("the overlay shows")
def overlay_shows(context):
    assert context.lines == context.text.splitlines(), "\n".join(context.lines)


@then("the overlay is empty")
def overlay_empty(context):
    assert context.lines == [], "\n".join(context.lines)


@then("no line is wider than {columns:d} characters")
def not_wider(context, columns):
    wide = [line for line in context.lines if len(line) > columns]
    assert context.lines, "the overlay is empty"
    assert not wide, "\n".join(wide)


@then("every slash command has a description that ends with a full stop")
def descriptions_end(_context):
    bad = [item.name for item in slash.commands() if not item.description.endswith(".")]
    assert not bad, ", ".join(bad)
