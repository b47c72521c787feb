"""Fields that a lock guards: which they are, and where steps use them without the lock.

Two sources say what is guarded: guards declared in configuration, and classes that write a
field only under a lock of their own. Whether a use is at fault is decided in `guards`, when all
modules are known; here uses and classes are noted.
"""

import ast
from collections.abc import Iterator

from surefoot.policy.static.facts import FieldAccess, GuardedClass
from surefoot.policy.static.names import Names, last_name, source_of
from surefoot.policy.static.scope import FunctionNode, Scope

_LOCKS = ("threading.Lock", "threading.RLock", "threading.Condition", "threading.Semaphore")
_GROWS = frozenset(("add", "append", "appendleft", "extend", "insert", "setdefault", "update"))
_SHRINKS = frozenset(("clear", "discard", "pop", "popitem", "popleft", "remove", "move_to_end"))
_CHANGES = _GROWS | _SHRINKS


def note_attribute(node: ast.AST, scope: Scope) -> None:
    """Note the use of a private attribute, or of a field that is known to be guarded."""
    assert isinstance(node, ast.Attribute)
    if _is_noted(node.attr, scope):
        _note(node, scope, write=not isinstance(node.ctx, ast.Load))


def note_call(node: ast.AST, scope: Scope) -> None:
    """Note `owner.field.clear()` as a change of the field."""
    assert isinstance(node, ast.Call)
    match node.func:
        case ast.Attribute(value=ast.Attribute(attr=name) as field, attr=change):
            if change in _CHANGES and _is_noted(name, scope):
                _note(field, scope, write=True)


def note_subscript(node: ast.AST, scope: Scope) -> None:
    """Note `owner.field[key] = value` as a change of the field."""
    assert isinstance(node, ast.Subscript)
    field = node.value
    if isinstance(node.ctx, ast.Load):
        return
    if isinstance(field, ast.Attribute) and _is_noted(field.attr, scope):
        _note(field, scope, write=True)


def _is_noted(name: str, scope: Scope) -> bool:
    return name in scope.guarded or (name[0] == "_" and not name.startswith("__"))


def _note(node: ast.Attribute, scope: Scope, *, write: bool) -> None:
    if not scope.in_step:
        return
    owner = source_of(node.value)
    if owner is None or owner in scope.names.aliases or owner in ("self", "cls"):
        return
    key = (node.lineno, owner, node.attr)
    earlier = scope.accesses.get(key)
    if earlier is not None and (earlier.write or not write):
        return
    frame = scope.frames[0].node
    scope.accesses[key] = FieldAccess(
        node.lineno,
        scope.column(node.lineno, node.col_offset) + 1,
        owner,
        node.attr,
        write,
        scope.held,
        "" if isinstance(frame, ast.Lambda) else frame.name,
    )


def guarded_classes(tree: ast.Module, names: Names) -> list[GuardedClass]:
    """Return the classes of a module that write fields only under a lock of their own."""
    return [
        found
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for found in _guarded(node, names)
    ]


def _guarded(node: ast.ClassDef, names: Names) -> Iterator[GuardedClass]:
    methods = [
        item for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    locks = {
        name
        for method in methods
        for name, value in _own_assignments(method)
        if isinstance(value, ast.Call) and names.dotted(value.func) in _LOCKS
    }
    fields = {
        name
        for method in methods
        if method.name == "__init__"
        for name, value in _own_assignments(method)
        if name not in locks
    }
    for lock in sorted(locks):
        under: set[str] = set()
        outside: set[str] = set()
        for method in methods:
            if method.name == "__init__":
                continue
            for field, held in _writes(method.body, lock, held=False):
                if held:
                    under.add(field)
                elif not method.name.startswith("_"):
                    # A private method may be called with the lock held.
                    outside.add(field)
        guarded = sorted((under & fields) - outside)
        if guarded:
            yield GuardedClass(node.name, lock, guarded)


def _own_assignments(method: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(method):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        for target in targets:
            name = _own(target)
            if name is not None:
                assert isinstance(node, ast.Assign | ast.AnnAssign)
                assert node.value is not None
                yield name, node.value


def _own(node: ast.expr) -> str | None:
    """Return `x` of `self.x`."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
    return None


def _writes(nodes: list[ast.stmt], lock: str, held: bool) -> Iterator[tuple[str, bool]]:
    """Yield each field of `self` that statements change, and whether the lock is held there."""
    for statement in nodes:
        inside = held
        if isinstance(statement, ast.With | ast.AsyncWith) and any(
            last_name(item.context_expr) == lock for item in statement.items
        ):
            inside = True
        for name in ("body", "orelse", "finalbody"):
            yield from _writes(getattr(statement, name, None) or [], lock, inside)
        for handler in getattr(statement, "handlers", ()):
            yield from _writes(handler.body, lock, inside)
        yield from ((field, inside) for field in _changed(statement))


def _changed(statement: ast.stmt) -> Iterator[str]:
    """Yield the fields of `self` that the expressions of one statement change."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign | ast.Delete):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        targets = [statement.target]
    for target in targets:
        whole = target.value if isinstance(target, ast.Subscript) else target
        name = _own(whole)
        if name is not None:
            yield name
    if isinstance(statement, ast.Expr | ast.Assign | ast.Return | ast.AnnAssign):
        for node in ast.walk(statement):
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=change)) if change in _CHANGES:
                    name = _own(owner)
                    if name is not None:
                        yield name


NODES = (
    (ast.Attribute, note_attribute),
    (ast.Call, note_call),
    (ast.Subscript, note_subscript),
)
