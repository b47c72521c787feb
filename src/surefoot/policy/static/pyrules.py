"""Which rule looks at which nodes of a syntax tree."""

import ast
import functools
from collections.abc import Callable

from surefoot.policy.static import (
    isolation_rules,
    lint_rules,
    locks,
    thread_rules,
    time_rules,
)
from surefoot.policy.static.rule import Rule
from surefoot.policy.static.scope import Scope

Check = Callable[[ast.AST, Scope], None]

_CHECKS: tuple[tuple[Rule, tuple[type[ast.AST], ...], Check], ...] = (
    (time_rules.REPLACED_SLEEP, (ast.Assign,), time_rules.replaced_sleep),
    (time_rules.REPLACED_SLEEP, (ast.Call,), time_rules.replaced_by_setattr),
    (time_rules.SLEEP, (ast.Call,), time_rules.sleep_in_step),
    (
        thread_rules.NEVER_JOINED,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        thread_rules.threads_of_function,
    ),
    (isolation_rules.MKTEMP, (ast.Call, ast.ImportFrom), isolation_rules.mktemp),
    (isolation_rules.SHARED_PATH, (ast.Call,), isolation_rules.shared_path),
    (isolation_rules.SHARED_PATH, (ast.Constant,), isolation_rules.shared_database),
    (isolation_rules.FIXED_PORT, (ast.Call,), isolation_rules.fixed_port),
    (lint_rules.RAISE_WITHOUT_FROM, (ast.Raise,), lint_rules.raise_without_from),
    (lint_rules.SWALLOWED, (ast.Try,), lint_rules.swallowed),
    (lint_rules.ALWAYS_TRUE, (ast.Assert,), lint_rules.assert_on_tuple),
    (lint_rules.COMPARED, (ast.Expr,), lint_rules.comparison_without_assert),
    (lint_rules.BARE_EXCEPT, (ast.ExceptHandler,), lint_rules.bare_except),
)


@functools.cache
def by_node(*, in_tests: bool) -> dict[type[ast.AST], list[Check]]:
    """Return the checks for each type of node, for the suite or for application code."""
    table: dict[type[ast.AST], list[Check]] = {}
    for rule, kinds, check in _CHECKS:
        if in_tests or not rule.tests_only:
            for kind in kinds:
                table.setdefault(kind, []).append(check)
    if in_tests:
        for kind, check in locks.NODES:
            table.setdefault(kind, []).append(check)
    return table


def finish(scope: Scope, tree: ast.Module) -> None:
    """Run what needs the whole module."""
    time_rules.import_work(scope)
    if scope.in_tests and "sleep" in scope.source:
        time_rules.counted_sleeps(scope, tree)
