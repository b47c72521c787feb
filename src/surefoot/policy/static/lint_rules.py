"""Rules for faults of Python that hide what a test says."""

import ast

from surefoot.policy.static.facts import Edit
from surefoot.policy.static.names import last_name
from surefoot.policy.static.rule import Rule
from surefoot.policy.static.scope import Scope

RAISE_WITHOUT_FROM = Rule(
    code="SF601",
    name="raise-without-from",
    severity="error",
    what="An exception is raised in an `except` block without `from` (ruff's B904).",
    why="A reader of the report cannot tell whether the second error is about the first one or"
    " comes from the handling of it, and linters stop the change in CI.",
    bad="except KeyError:\n    raise UnknownJob(name)",
    good="except KeyError as error:\n    raise UnknownJob(name) from error",
    fixable="adds `from NAME` where the `except` names the exception",
)
SWALLOWED = Rule(
    code="SF602",
    name="swallowed-assertion",
    severity="error",
    what="A failing assertion is caught and dropped.",
    why="The step passes whatever the assertion finds.",
    bad="try:\n    assert job.done\nexcept Exception:\n    pass",
    good="assert job.done",
    tests_only=True,
)
ALWAYS_TRUE = Rule(
    code="SF603",
    name="assert-on-tuple",
    severity="error",
    what="An assertion on a tuple is always true.",
    why="The step passes whatever the condition is: a tuple that is not empty is true.",
    bad='assert (job.done, "the job is not done")',
    good='assert job.done, "the job is not done"',
)
COMPARED = Rule(
    code="SF604",
    name="comparison-without-assert",
    severity="error",
    what="A comparison whose result nothing uses.",
    why="It looks like a check and checks nothing; most often an `assert` is missing.",
    bad='@then("the job is done")\ndef _(context):\n    context.job.state == "done"',
    good='@then("the job is done")\ndef _(context):\n    assert context.job.state == "done"',
    tests_only=True,
)
BARE_EXCEPT = Rule(
    code="SF605",
    name="bare-except",
    severity="warning",
    what="An `except:` without a type that does not raise again (ruff's E722).",
    why="It also catches KeyboardInterrupt and SystemExit: a run cannot be ended, and a process"
    " that was to stop goes on.",
    bad="try:\n    job.cancel()\nexcept:\n    log()",
    good="try:\n    job.cancel()\nexcept JobError:\n    log()",
)

RULES = (RAISE_WITHOUT_FROM, SWALLOWED, ALWAYS_TRUE, COMPARED, BARE_EXCEPT)


def raise_without_from(node: ast.AST, scope: Scope) -> None:
    """`raise X(...)` in a handler."""
    assert isinstance(node, ast.Raise)
    if node.exc is None or node.cause is not None or not scope.handlers:
        return
    raised = node.exc
    if isinstance(raised, ast.Call):
        if isinstance(raised.func, ast.Attribute) and raised.func.attr == "with_traceback":
            return
    elif not (last_name(raised) or "")[:1].isupper():
        # A variable: most often the caught exception, or one that was prepared before.
        return
    handler = scope.handlers[-1]
    edits = []
    if handler.name and raised.end_lineno is not None and raised.end_col_offset is not None:
        column = scope.column(raised.end_lineno, raised.end_col_offset)
        edits = [
            Edit(raised.end_lineno, column, raised.end_lineno, column, f" from {handler.name}")
        ]
    scope.report(
        "SF601",
        node,
        "raise in an except block without `from`",
        f"raise ... from {handler.name or 'error'}"
        + ("" if handler.name else " (name it: `except X as error`)")
        + ", or `from None` to leave the first error out",
        edits,
    )


def swallowed(node: ast.AST, scope: Scope) -> None:
    """An assertion in a `try` whose handler catches it and does nothing."""
    assert isinstance(node, ast.Try)
    if not any(isinstance(statement, ast.Assert) for statement in node.body):
        return
    for handler in node.handlers:
        kind = last_name(handler.type) if handler.type is not None else ""
        if kind in ("", "BaseException", "Exception", "AssertionError") and all(
            isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body
        ):
            scope.report(
                "SF602",
                handler,
                "a failing assertion is caught and dropped here",
                "take the assertion out of the `try`, or catch only what may happen before it",
            )


def assert_on_tuple(node: ast.AST, scope: Scope) -> None:
    """`assert (condition, message)`."""
    assert isinstance(node, ast.Assert)
    if isinstance(node.test, ast.Tuple) and node.test.elts:
        scope.report(
            "SF603",
            node,
            "this assertion is always true: it asserts a tuple",
            "leave out the parentheses: assert condition, message",
        )


def comparison_without_assert(node: ast.AST, scope: Scope) -> None:
    """A comparison as a statement, in a step or hook."""
    assert isinstance(node, ast.Expr)
    if isinstance(node.value, ast.Compare) and scope.in_step:
        scope.report(
            "SF604",
            node,
            "the result of this comparison is not used",
            "write `assert` before it, or remove it",
        )


def bare_except(node: ast.AST, scope: Scope) -> None:
    """`except:` that does not raise."""
    assert isinstance(node, ast.ExceptHandler)
    if node.type is None and not any(isinstance(item, ast.Raise) for item in ast.walk(node)):
        scope.report(
            "SF605",
            node,
            "`except:` catches KeyboardInterrupt and SystemExit too",
            "name the exceptions, or write `except Exception:`",
        )
