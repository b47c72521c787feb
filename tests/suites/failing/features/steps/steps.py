from behave import step


class SpoiltError(Exception):
    def __init__(self, what, days):
        super().__init__(what, days)
        self.days = days

    def __str__(self):
        return f"{self.args[0]} is {self.days} days too old"


@step("a step that passes")
def passes(context):
    pass


@step("an assertion fails")
def assertion_fails(context):
    assert 2 + 2 == 5


@step('an assertion fails with "{message}"')
def assertion_fails_with(context, message):
    assert False, message


@step("an assertion fails with the text")
def assertion_fails_with_text(context):
    assert False, context.text


@step('a ValueError "{message}" is raised')
def value_error(context, message):
    raise ValueError(message)


@step("an exception with a cause is raised")
def with_cause(context):
    try:
        int("x")
    except ValueError as error:
        raise RuntimeError("cannot go on") from error


@step("an exception while another is handled")
def while_handled(context):
    try:
        [][0]
    except IndexError:
        {}["nothing"]


@step("an exception of an own class is raised")
def own_class(context):
    raise SpoiltError("milk", 3)


@step("a key is missing")
def key_is_missing(context):
    {"a": 1}["b"]
