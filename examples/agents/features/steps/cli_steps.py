"""Steps of the command line: run it within this process, and look at what it said."""

import io
import json
import os
import shlex

import yaml
from agents.application import Settings, make_container
from agents.bus import EventBus
from agents.cli.main import main
from behave import given, then, when

NOTES = """\
name: notes
version: 1.2.0
commands:
  - name: add
    help: Add a note.
    parameters: [text]
    template: "noted: {text}"
  - name: check
    help: Check the notes.
    fail: "2 notes are too long"
    exit: 9
"""


def run(context, command):
    words = shlex.split(command.replace("{folder}", context.folder))
    assert words[0] == "agents", command
    out, err = io.StringIO(), io.StringIO()
    context.code = main(
        words[1:],
        stdout=out,
        stderr=err,
        environ=context.environ,
        container=context.container,
    )
    context.out, context.err = out.getvalue(), err.getvalue()


def said(context):
    return f"exit code {context.code}\n{context.out}{context.err}"


@given('the environment variable "{name}" is "{value}"')
def set_variable(context, name, value):
    context.environ[name] = value


@given('the file "{name}"')
def write_file(context, name):
    with open(os.path.join(context.folder, name), "w", encoding="utf-8") as file:
        file.write(context.text)


@given('the extension "notes" is installed')
def install_notes(context):
    path = os.path.join(context.folder, "notes.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NOTES)
    run(context, "agents ext install {folder}/notes.yaml")
    assert context.code == 0, said(context)


@given("an application with an event bus that is watched")
def watched_application(context):
    context.told = []
    context.container = make_container(Settings(context.environ["AGENTS_DATABASE"]))
    context.add_cleanup(context.container.close)
    bus = EventBus()
    bus.subscribe("*", lambda topic, _: context.told.append(topic))
    context.container.override(EventBus, lambda _: bus)


@given("I ran `{command}`")
def ran(context, command):
    run(context, command)
    assert context.code == 0, said(context)


@when("I run `{command}`")
def run_command(context, command):
    run(context, command)


@then("it succeeds")
def succeeds(context):
    assert context.code == 0, said(context)


@then("it ends with exit code {code:d}")
def exit_code(context, code):
    assert context.code == code, said(context)


@then("it prints")
def prints(context):
    assert context.out.rstrip("\n") == context.text, said(context)


@then("it prints nothing")
def prints_nothing(context):
    assert context.out == "", said(context)


@then('it prints "{text}"')
def prints_text(context, text):
    assert context.out == f"{text}\n", said(context)


@then('the output has "{text}"')
def output_has(context, text):
    assert text in context.out, said(context)


@then('the output lacks "{text}"')
def output_lacks(context, text):
    assert text not in context.out, said(context)


@then('the error is "{text}"')
def error_is(context, text):
    assert context.err.splitlines()[:1] == [f"error: {text}"], said(context)


@then('the hint is "{text}"')
def hint_is(context, text):
    assert context.err.splitlines()[1:] == [f"hint: {text}"], said(context)


@then("there is no error")
def no_error(context):
    assert context.err == "", said(context)


@then("the answer is this JSON")
def answer_is_json(context):
    assert json.loads(context.out) == json.loads(context.text), said(context)


@then("the answer is this YAML")
def answer_is_yaml(context):
    assert yaml.safe_load(context.out) == yaml.safe_load(context.text), said(context)


@then("`{path}` of the envelope is {value}")
def envelope_has(context, path, value):
    found = json.loads(context.out)
    for part in path.split("."):
        found = found[int(part) if part.isdigit() else part]
    assert found == json.loads(value), f"it is {found!r}\n{said(context)}"


@then('the bus was told "{topic}"')
def bus_was_told(context, topic):
    assert topic in context.told, f"it was told {context.told}"
