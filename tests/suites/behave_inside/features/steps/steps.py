from behave import step, then, when
from behave.configuration import Configuration
from behave.parser import parse_feature
from behave.runner import ModelRunner


@step("a step that passes")
def passes(context):
    pass


@step("a step that fails")
def fails(context):
    assert False, "as it says"


@when('this feature is run with "{arguments}":')
@when('this feature is run with "":')
def is_run(context, arguments=""):
    config = Configuration(
        arguments,
        load_config=False,
        default_format="null",
        summary=False,
        capture_stdout=False,
        capture_stderr=False,
        capture_log=False,
    )
    context.within = parse_feature(context.text, filename="within.feature")
    ModelRunner(config, [context.within]).run()


@then('"{name}" {status:w} within')
def ended_within(context, name, status):
    (found,) = [item for item in context.within.walk_scenarios() if item.name == name]
    assert found.status.name == status, found.status.name
