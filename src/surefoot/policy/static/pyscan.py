"""One walk over a Python source: what it registers with behave, and what rules find in it.

Never imports or executes what it reads. Module-level statements are followed in the order in
which an import would run them; what depends on a condition is noted as such.
"""

import ast
import warnings
from collections.abc import Callable, Iterable

from surefoot.policy.static import definitions, locks, pyrules, time_rules
from surefoot.policy.static.facts import Fault, ModuleFacts
from surefoot.policy.static.names import Names, source_of
from surefoot.policy.static.scope import HOOKS, Frame, FunctionNode, Scope
from surefoot.policy.static.suppress import python_ignores

_LEAVES = frozenset({"ctx", "op", "ops", "type_comment", "returns", "type_params", "annotation"})


def _child_fields(kind: type[ast.AST]) -> tuple[str, ...]:
    return tuple(name for name in kind._fields if name not in _LEAVES)


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    kind: _child_fields(kind)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
for _leaf in (ast.Constant, ast.Name, ast.Global, ast.Nonlocal, ast.Pass, ast.alias):
    _FIELDS[_leaf] = ()
_FIELDS[ast.Attribute] = ("value",)


_EXPRESSIONS = frozenset(
    kind
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.expr | ast.comprehension | ast.keyword)
)
_SKIPPED: frozenset[type] = frozenset(
    (type(None), str, int, ast.Name, ast.Pass, ast.Global, ast.Nonlocal, ast.alias)
)
# What a rule about expressions needs to find anything. A function without any of these is
# visited statement by statement, which is most of all functions and saves most of the time.
_TELLING = (
    *("sleep", "Thread", "Timer", "mktemp", "open(", "/tmp", "/dev/shm", "sqlite", "bind"),  # noqa: S108  a text to look for
    *("Server", "make_server", "uvicorn", "setattr", "execute_steps", "matcher", "._"),
    *("register_type", "parameter_type", "mkdir", "makedirs", "shutil", "unlink", "remove"),
    *("write_text", "write_bytes", "touch", "exec", "import_module", "__import__", "runpy"),
)


def scan_module(
    source: str,
    *,
    step_module: bool = False,
    in_tests: bool = True,
    environment: bool = False,
    guarded: frozenset[str] = frozenset(),
) -> ModuleFacts:
    """Return the facts of a Python source.

    `step_module`: behave runs it with the decorators in its globals. `in_tests`: it belongs to
    the suite. `environment`: it is the environment file, whose functions may be hooks.
    `guarded`: the fields that guards are declared for; each use of one is noted.
    """
    try:
        with warnings.catch_warnings():
            # Invalid escapes and the like are for whoever compiles the module.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return ModuleFacts(fault=_fault(error))
    names = Names(implicit=step_module)
    scope = Scope(source, names, in_tests=in_tests, environment=environment, guarded=guarded)
    try:
        walk = _Walk(scope)
        walk.run(tree)
    except RecursionError:
        return ModuleFacts(fault=Fault(0, "the source is nested too deeply to be read"))
    facts = walk.facts
    pyrules.finish(scope, tree)
    facts.found = scope.found
    facts.calls = time_rules.calls_of(scope)
    facts.accesses = list(scope.accesses.values())
    facts.made = {name: made for name, made in names.kinds.items() if made and _is_class(made)}
    if "threading" in source:
        facts.guarded = locks.guarded_classes(tree, names)
    if "surefoot:" in source:
        facts.ignores = python_ignores(source, _spans(tree))
    return facts


class _Walk:
    """Visits each node once and keeps the scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.facts = ModuleFacts()
        self.shallow = False
        words = (*_TELLING, *(f".{name}" for name in scope.guarded))
        self.telling = [word for word in words if word in scope.source]
        self.rules = pyrules.by_node(in_tests=scope.in_tests)
        self.special: dict[type[ast.AST], Callable[..., None]] = {
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.For: self._loop,
            ast.AsyncFor: self._loop,
            ast.While: self._loop,
            ast.If: self._if,
            ast.Try: self._try,
            ast.TryStar: self._try,
            ast.ExceptHandler: self._handler,
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.Assign: self._assign,
            ast.AnnAssign: self._assign,
            ast.Call: self._call,
        }

    def run(self, tree: ast.Module) -> None:
        # Functions are known before the statements that use them.
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.scope.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                for item in node.body:
                    if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
                        name = node.name if item.name == "__init__" else item.name
                        self.scope.methods.setdefault(name, []).append(item)
                        self.scope.owned.append((node.name, item.name, item))
        for statement in tree.body:
            self.visit(statement)

    def visit(self, node: ast.AST) -> None:
        kind = node.__class__
        if self.shallow:
            if kind in _EXPRESSIONS:
                return
            if kind is ast.Assign:
                self._shallow_assign(node)
                return
        for rule in self.rules.get(kind, ()):
            rule(node, self.scope)
        special = self.special.get(kind)
        if special is not None:
            special(node)
        else:
            self.children(node, _FIELDS[kind])

    def children(self, node: ast.AST, fields: Iterable[str]) -> None:
        for name in fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    # A missing key of `{**x}` is None.
                    if item.__class__ not in _SKIPPED:
                        self.visit(item)
            elif value.__class__ not in _SKIPPED:
                self.visit(value)  # type: ignore[arg-type]  # what is not skipped is a node

    # -- nodes that change the scope

    def _function(self, node: FunctionNode) -> None:
        scope = self.scope
        for decorator in node.decorator_list:
            if scope.step_kind(decorator) is None:
                self.visit(decorator)
        self.visit(node.args)
        is_step = definitions.take_function(node, scope, self.facts)
        is_hook = scope.environment and not scope.frames and node.name in HOOKS
        before = self.shallow
        if not scope.frames:
            text = "\n".join(scope.lines[node.lineno - 1 : node.end_lineno]) if self.telling else ""
            self.shallow = not any(word in text for word in self.telling)
        scope.frames.append(Frame(node, is_step, is_hook))
        self._body(node.body)
        scope.frames.pop()
        self.shallow = before

    def _lambda(self, node: ast.Lambda) -> None:
        self.children(node, ("args",))
        self.scope.frames.append(Frame(node, is_step=False, is_hook=False))
        self.visit(node.body)
        self.scope.frames.pop()

    def _class(self, node: ast.ClassDef) -> None:
        self.children(node, ("decorator_list", "bases", "keywords"))
        definitions.take_class(node, self.scope, self.facts)
        self.scope.classes.append(node)
        self._body(node.body)
        self.scope.classes.pop()

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        frame = self.scope.frame
        before = len(frame.held) if frame else 0
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.visit(item.optional_vars)
            held = _held(item.context_expr)
            if frame is not None and held is not None:
                frame.held.append(held)
        self._body(node.body)
        if frame is not None:
            del frame.held[before:]

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        frame = self.scope.frame
        if frame is not None:
            frame.loops.append(node)
        self._conditionally(node)
        if frame is not None:
            frame.loops.pop()

    def _if(self, node: ast.If) -> None:
        if not self.scope.frames and _never_on_import(node.test):
            # `if __name__ == "__main__"` and `if TYPE_CHECKING`: not run when it is imported.
            self._body(node.orelse)
            return
        self._conditionally(node)

    def _try(self, node: ast.Try) -> None:
        self._conditionally(node)

    def _conditionally(self, node: ast.AST) -> None:
        outside = not self.scope.frames
        self.scope.conditional += outside
        self.children(node, _FIELDS[node.__class__])
        self.scope.conditional -= outside

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        handlers = self.scope.handlers
        handlers.append(node)
        self._body(node.body)
        handlers.pop()

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.scope.names.take_import(node)
        if not self.scope.frames:
            definitions.take_import(node, self.facts)

    def _assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        scope = self.scope
        top = not scope.frames and not scope.classes and not scope.conditional
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None:
            self.visit(node.value)
            for target in targets:
                scope.names.take_assignment(target, node.value, top=top)
        for target in targets:
            self.visit(target)
            definitions.take_pattern(target, node.value, scope, self.facts)

    def _shallow_assign(self, node: ast.AST) -> None:
        # Of an assignment that no rule looks at, only what makes an object is of interest.
        assert isinstance(node, ast.Assign)
        if isinstance(node.value, ast.Call):
            for target in node.targets:
                self.scope.names.take_assignment(target, node.value, top=False)

    def _call(self, node: ast.Call) -> None:
        scope = self.scope
        self.children(node, ("func", "args", "keywords"))
        if not scope.frames:
            scope.top_calls.append(node)
        definitions.take_call(node, scope, self.facts)

    def _body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)


def _is_class(dotted: str) -> bool:
    return dotted.rpartition(".")[2][:1].isupper()


def _held(expression: ast.expr) -> str | None:
    # `with service.locked():` holds what the call returns.
    target = expression.func if isinstance(expression, ast.Call) else expression
    return source_of(target)


def _never_on_import(test: ast.expr) -> bool:
    match test:
        case ast.Compare(
            left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]
        ):
            return True
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
    return False


def _fault(error: BaseException) -> Fault:
    if isinstance(error, SyntaxError):
        message = f"Python cannot read it: {error.msg}"
        return Fault(error.lineno or 0, message, "mend the syntax; the whole suite fails to load")
    return Fault(0, f"Python cannot read it: {error}", "mend or remove the file")


def _spans(tree: ast.Module) -> list[tuple[int, int]]:
    """Return first and last line of each statement, of compound ones only the header."""
    spans = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt | ast.ExceptHandler):
            continue
        first, last = node.lineno, node.end_lineno or node.lineno
        body = getattr(node, "body", None)
        if body:
            last = max(first, body[0].lineno - 1)
        for decorator in getattr(node, "decorator_list", ()):
            first = min(first, decorator.lineno)
        spans.append((first, last))
    return spans
