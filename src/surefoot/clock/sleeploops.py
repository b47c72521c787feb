"""Finds loops that count sleeps where they should read a clock, in Python source.

    for _ in range(30):          # "3 seconds"
        if ready(): break
        time.sleep(0.1)

Such a loop waits for a number of sleeps. Where sleep is shortened (a cap) or the machine is busy,
that is another time than the author meant. What counts as one: a loop over `range` (or with a
counter in its condition) that sleeps, and that either ends early when something has come, or adds
up the slept seconds itself; and that reads no clock. A loop that sleeps between items, and one
that retries a call that raised, are not.

Reads text, imports nothing but `ast`.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_SLEEP_MODULES = frozenset({"time", "asyncio", "trio", "anyio", "gevent", "eventlet"})
_CLOCKS = frozenset(
    {
        "clock_gettime",
        "clock_gettime_ns",
        "current_time",
        "monotonic",
        "monotonic_ns",
        "now",
        "perf_counter",
        "perf_counter_ns",
        "real_monotonic",
        "time",
        "time_ns",
        "utcnow",
    }
)
_DEADLINES = frozenset({"expired", "remaining"})
_Loop = ast.For | ast.AsyncFor | ast.While
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class SleepLoop(NamedTuple):
    """A loop that counts sleeps."""

    line: int
    """Of the loop; from 1."""
    end_line: int
    sleep_line: int
    """Of its first sleep."""
    budget: float | None
    """Seconds that the author meant, where they can be told from the source."""
    function: str
    """Name of the function that it stands in; empty at the top of the module."""

    @property
    def message(self) -> str:
        """What is wrong, in a sentence."""
        meant = f" (it means {self.budget:g} s)" if self.budget is not None else ""
        where = f" in {self.function}()" if self.function else ""
        return (
            f"the loop{where} counts sleeps instead of reading a clock{meant}: with a shortened"
            " sleep or a busy machine it waits another time"
        )


REMEDY = (
    "wait with surefoot.clock.eventually(predicate, timeout=...), or compare time.monotonic()"
    " with a deadline in the loop's condition"
)


def find_sleep_loops(source: str | ast.Module) -> list[SleepLoop]:
    """Return the loops of a module that count sleeps, by line.

    Raises SyntaxError for source that does not parse; source that nowhere says "sleep" is not
    parsed.
    """
    if isinstance(source, str):
        if "sleep" not in source:
            return []
        source = ast.parse(source)
    names = _Names(source)
    found = [
        loop
        for function, node in _loops(source, "")
        if (loop := _judge(node, function, names)) is not None
    ]
    return sorted(found)


class _Names:
    """What sleeps and what reads a clock, by the names of one module."""

    def __init__(self, tree: ast.Module) -> None:
        self.modules: set[str] = set()
        self.sleeps: set[str] = set()
        self.clocks: set[str] = set()
        functions: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self._import(node)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append(node)
        # A function that does little more than sleep is a sleep to its callers.
        own = {
            function.name
            for function in functions
            if not any(isinstance(node, _Loop) for node in ast.walk(function))
            and any(self.sleep_call(node) for node in ast.walk(function))
            and len(function.body) <= 2
        }
        self.sleeps |= own

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name in _SLEEP_MODULES:
                self.modules.add(alias.asname or alias.name)

    def _import_from(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if node.module in _SLEEP_MODULES and alias.name == "sleep":
                self.sleeps.add(alias.asname or alias.name)
            elif alias.name in _CLOCKS:
                self.clocks.add(alias.asname or alias.name)

    def sleep_call(self, node: ast.AST) -> ast.Call | None:
        """Return the node where it is a call that sleeps."""
        if not isinstance(node, ast.Call):
            return None
        function = node.func
        if isinstance(function, ast.Name):
            return node if function.id in self.sleeps else None
        if isinstance(function, ast.Attribute):
            base = function.value
            known = isinstance(base, ast.Name) and base.id in self.modules
            if function.attr == "sleep" and known:
                return node
            if function.attr in self.sleeps and isinstance(base, ast.Name) and base.id == "self":
                return node
        return None

    def reads_clock(self, nodes: Iterable[ast.AST]) -> bool:
        """Whether one of them reads a clock or asks a deadline."""
        for node in nodes:
            if isinstance(node, ast.Call):
                function = node.func
                if isinstance(function, ast.Name) and function.id in self.clocks:
                    return True
                if isinstance(function, ast.Attribute) and function.attr in _CLOCKS:
                    return True
            if isinstance(node, ast.Attribute) and node.attr in _DEADLINES:
                return True
        return False


def _loops(node: ast.AST, function: str) -> Iterator[tuple[str, _Loop]]:
    for child in ast.iter_child_nodes(node):
        inner = (
            child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
        )
        if isinstance(child, _Loop):
            yield function, child
        yield from _loops(child, inner)


def _judge(loop: _Loop, function: str, names: _Names) -> SleepLoop | None:
    own = list(_own(loop))
    sleeps = [call for node in own if (call := names.sleep_call(node)) is not None]
    if not sleeps or names.reads_clock(own):
        return None
    if isinstance(loop, ast.While):
        counted = _counter(loop, own)
        if counted is None or not (counted == "seconds" or _ends_early(loop, own)):
            return None
    elif not _is_count(loop.iter) or not _ends_early(loop, own):
        return None
    if all(_in_retry(loop, call) for call in sleeps):
        return None
    return SleepLoop(
        loop.lineno,
        loop.end_lineno or loop.lineno,
        sleeps[0].lineno,
        _budget(loop, sleeps),
        function,
    )


def _own(loop: _Loop) -> Iterator[ast.AST]:
    """Yield the nodes of a loop, without those of inner loops and functions."""
    waiting: list[ast.AST] = [*loop.body, *([loop.test] if isinstance(loop, ast.While) else [])]
    while waiting:
        node = waiting.pop(0)
        yield node
        if not isinstance(node, (*_FUNCTIONS, ast.For, ast.AsyncFor, ast.While)):
            waiting.extend(ast.iter_child_nodes(node))


def _is_count(node: ast.expr) -> bool:
    """Whether a loop goes over numbers: `range`, `enumerate(range)`, `itertools.count/repeat`."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in {"enumerate", "reversed"} and node.args:
        return _is_count(node.args[0])
    return name in {"range", "repeat", "trange"}


def _ends_early(loop: _Loop, own: list[ast.AST]) -> bool:
    """Whether something other than the count ends the loop."""
    if any(isinstance(node, ast.Break | ast.Return) for node in own):
        return True
    # `while tries < 30 and not ready():`
    return isinstance(loop, ast.While) and isinstance(loop.test, ast.BoolOp)


def _counter(loop: ast.While, own: list[ast.AST]) -> str | None:
    """Return what the condition of a loop counts: "rounds", "seconds" (slept ones), or None."""
    tested = {node.id for node in ast.walk(loop.test) if isinstance(node, ast.Name)}
    compared = any(isinstance(node, ast.Compare) for node in ast.walk(loop.test))
    for node in own:
        step: ast.expr | None = None
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            if isinstance(node.target, ast.Name) and node.target.id in tested:
                step = node.value
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.BinOp)
            and isinstance(node.value.op, ast.Add | ast.Sub)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id in tested
        ):
            step = node.value.right
        if step is None or not (compared or isinstance(loop.test, ast.Name | ast.BoolOp)):
            continue
        return "rounds" if isinstance(step, ast.Constant) and step.value == 1 else "seconds"
    return None


def _in_retry(loop: _Loop, call: ast.Call) -> bool:
    """Whether a sleep only follows a call that raised something other than an assertion."""
    for node in _own(loop):
        if not isinstance(node, ast.ExceptHandler):
            continue
        if any(inner is call for inner in ast.walk(node)):
            caught = {
                getattr(inner, "id", getattr(inner, "attr", ""))
                for inner in ast.walk(node.type or ast.Name("Exception", ast.Load()))
            }
            return "AssertionError" not in caught
    return False


def _budget(loop: _Loop, sleeps: list[ast.Call]) -> float | None:
    """Return rounds times the length of a sleep, where both are written as numbers."""
    length = _number(sleeps[0].args[0]) if len(sleeps) == 1 and sleeps[0].args else None
    if length is None or isinstance(loop, ast.While):
        return None
    call = loop.iter
    while isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Call):
        call = call.args[0]
    if not isinstance(call, ast.Call) or not call.args:
        return None
    numbers = [_number(argument) for argument in call.args]
    first, *rest = numbers
    if first is None or None in rest or rest[1:] == [0]:
        return None
    rounds = len(range(*[int(number) for number in numbers if number is not None]))
    return round(rounds * length, 6)


def _number(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    return None
