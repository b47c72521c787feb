"""Rules about threads that steps start."""

import ast
from collections.abc import Iterable, Iterator

from surefoot.policy.static.names import keyword
from surefoot.policy.static.rule import Rule
from surefoot.policy.static.scope import FunctionNode, Scope

READ = Rule(
    code="SF301",
    name="unguarded-read",
    severity="error",
    what="A step reads a field of a service without the lock that guards it.",
    why="While other threads move items, the step sees a state that never was: an item in two"
    " maps or in none, or a dictionary that changes size while it is iterated.",
    bad="assert item in context.service._hot",
    good="with context.service._lock:\n    assert item in context.service._hot",
    tests_only=True,
)
WRITTEN = Rule(
    code="SF302",
    name="unguarded-write",
    severity="error",
    what="A step changes a field of a service without the lock that guards it.",
    why="The change falls between two that belong together, and one of them is lost.",
    bad="context.service._hot.clear()",
    good="with context.service._lock:\n    context.service._hot.clear()",
    tests_only=True,
)
NEVER_JOINED = Rule(
    code="SF351",
    name="thread-never-joined",
    severity="warning",
    what="A step starts a thread that nothing can wait for.",
    why="The thread runs on into later scenarios, changes what they see, and fails, if it fails,"
    " where nobody looks.",
    bad="threading.Thread(target=work).start()",
    good="from surefoot.threads import run_concurrently\nrun_concurrently(4, work)",
    tests_only=True,
)
LOST_ASSERTION = Rule(
    code="SF352",
    name="assertion-lost-in-thread",
    severity="error",
    what="A thread's function asserts, and nothing carries the failure to the step.",
    why="An exception ends its thread and is printed; the step passes whatever the assertion"
    " finds.",
    bad="def check():\n    assert service.ready\nthread = threading.Thread(target=check)",
    good="from surefoot.threads import run_concurrently\nrun_concurrently(1, check)"
    "  # raises what the thread raised",
    tests_only=True,
)

RULES = (READ, WRITTEN, NEVER_JOINED, LOST_ASSERTION)

_THREADS = ("threading.Thread", "threading.Timer")
_REMEDY = "join it, or use surefoot.threads.run_concurrently, which waits and keeps every exception"


def threads_of_function(node: ast.AST, scope: Scope) -> None:
    """Threads that a function starts and lets go, and assertions that are lost in threads."""
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    if scope.frames or not scope.makes_threads:
        return
    made = [
        item
        for item in ast.walk(node)
        if isinstance(item, ast.Call) and scope.names.dotted(item.func) in _THREADS
    ]
    for call in made:
        if _let_go(call, node):
            scope.report("SF351", call, "a thread is started that nothing waits for", _REMEDY)
        target = _target(call, node, scope)
        if target is not None:
            asserting = next(_bare_asserts(target.body), None)
            if asserting is not None:
                scope.report(
                    "SF352",
                    call,
                    f"the assertion in {target.name}() (line {asserting.lineno}) is lost when it"
                    " fails in this thread",
                    "use surefoot.threads.run_concurrently, which raises what a thread raised",
                )


def _let_go(call: ast.Call, function: FunctionNode) -> bool:
    """Whether nothing in the function keeps the thread: no join, no place where it is stored."""
    parents = {
        child: parent for parent in ast.walk(function) for child in ast.iter_child_nodes(parent)
    }
    parent = parents.get(call)
    if isinstance(parent, ast.Attribute) and parent.attr == "start":
        return True
    names: set[str] = set()
    if isinstance(parent, ast.ListComp):
        parent = parents.get(parent)
    match parent:
        case ast.Assign(targets=[ast.Name(id=name)]):
            names.add(name)
        case _:
            return False
    return _only_started(names, function, parents)


def _only_started(names: set[str], function: FunctionNode, parents: dict[ast.AST, ast.AST]) -> bool:
    started = False
    done: set[str] = set()
    while names - done:
        name = (names - done).pop()
        done.add(name)
        for node in ast.walk(function):
            if not (isinstance(node, ast.Name) and node.id == name):
                continue
            parent = parents.get(node)
            if not isinstance(node.ctx, ast.Load):
                continue
            match parent:
                case ast.Attribute(attr="start"):
                    started = True
                case ast.Attribute(attr="daemon" | "name" | "setDaemon" | "ident"):
                    pass
                case ast.For(iter=it, target=ast.Name(id=item)) if it is node:
                    names.add(item)
                case _:
                    return False
    return started


def _target(call: ast.Call, function: FunctionNode, scope: Scope) -> FunctionNode | None:
    named = keyword(call, "target", 1) or keyword(call, "function")
    if not isinstance(named, ast.Name):
        return None
    for node in ast.walk(function):
        if isinstance(node, ast.FunctionDef) and node.name == named.id and node is not function:
            return node
    found = scope.functions.get(named.id)
    return found if isinstance(found, ast.FunctionDef) and not found.decorator_list else None


def _bare_asserts(nodes: Iterable[ast.AST]) -> Iterator[ast.Assert]:
    """Yield assertions that no handler around them catches."""
    for node in nodes:
        if isinstance(node, ast.Assert):
            yield node
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        elif isinstance(node, ast.Try) and any(map(_catches, node.handlers)):
            yield from _bare_asserts([*node.handlers, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.With) and node.items:
            # A context manager may keep exceptions (contextlib.suppress, a collector).
            if all(isinstance(item.context_expr, ast.Name | ast.Attribute) for item in node.items):
                yield from _bare_asserts(node.body)
        else:
            yield from _bare_asserts(ast.iter_child_nodes(node))


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None
        or (
            isinstance(kind, ast.Name)
            and kind.id in ("BaseException", "Exception", "AssertionError")
        )
        for kind in kinds
    )
