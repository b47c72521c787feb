"""Where in a module a rule stands when it is asked: functions, locks, loops around the node."""

import ast
from collections.abc import Sequence

from surefoot.policy.static.facts import Edit, FieldAccess, Raw
from surefoot.policy.static.names import STEP_WORDS, Names

HOOKS = frozenset(
    f"{when}_{what}"
    for when in ("before", "after")
    for what in ("all", "feature", "rule", "scenario", "step", "tag")
)


def python_lines(source: str) -> list[str]:
    """Return the lines as Python counts them: a form feed, say, ends none."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Frame:
    """One function that the walk is in."""

    __slots__ = ("handlers", "held", "is_hook", "is_step", "loops", "node")

    def __init__(self, node: FunctionNode | ast.Lambda, is_step: bool, is_hook: bool) -> None:
        self.node = node
        self.is_step = is_step
        self.is_hook = is_hook
        self.held: list[str] = []
        self.loops: list[ast.For | ast.While | ast.AsyncFor] = []
        self.handlers: list[ast.ExceptHandler] = []


class Scope:
    """The state of one walk over a module.

    `in_tests` says that the module belongs to the suite (steps, environment, what stands beside
    the features), in contrast to the application.
    """

    def __init__(
        self,
        source: str,
        names: Names,
        *,
        in_tests: bool,
        environment: bool,
        guarded: frozenset[str] = frozenset(),
    ) -> None:
        self.source = source
        self.lines = python_lines(source)
        self.names = names
        self.in_tests = in_tests
        self.environment = environment
        self.frames: list[Frame] = []
        self.classes: list[ast.ClassDef] = []
        self.functions: dict[str, FunctionNode] = {}
        """Functions at module level."""
        self.methods: dict[str, list[FunctionNode]] = {}
        """Methods of the module's classes, by name; `Class.__init__` also by the class's name."""
        self.owned: list[tuple[str, str, FunctionNode]] = []
        """Methods with the name of their class and their own."""
        self.top_calls: list[ast.Call] = []
        """Calls that are made while the module is imported."""
        self.top_handlers: list[ast.ExceptHandler] = []
        self.conditional = 0
        """How many conditions and loops stand around the node at module level."""
        self.found: list[Raw] = []
        self.makes_threads = "Thread(" in source or "Timer(" in source
        self.guarded = guarded
        self.accesses: dict[tuple[int, str, str], FieldAccess] = {}

    @property
    def frame(self) -> Frame | None:
        """The innermost function; None at module level and in a class body there."""
        return self.frames[-1] if self.frames else None

    @property
    def handlers(self) -> list[ast.ExceptHandler]:
        """The exception handlers around the node, in its own function."""
        return self.frames[-1].handlers if self.frames else self.top_handlers

    @property
    def held(self) -> list[str]:
        """Sources of what `with` statements hold around the node, outer functions' included."""
        return [held for frame in self.frames for held in frame.held]

    @property
    def in_step(self) -> bool:
        """Whether the node runs as part of a step or hook that this module defines."""
        return any(frame.is_step or frame.is_hook for frame in self.frames)

    def report(
        self,
        code: str,
        node: ast.AST,
        message: str,
        remedy: str,
        edits: Sequence[Edit] = (),
        subject: str = "",
    ) -> None:
        """Note a finding at a node."""
        line = getattr(node, "lineno", 0)
        column = self.column(line, getattr(node, "col_offset", 0))
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        evidence = [text] if text else []
        found = Raw(code, line, message, remedy, evidence, list(edits), column + 1, subject)
        self.found.append(found)

    def column(self, line: int, offset: int) -> int:
        """Return a column in characters; syntax trees count bytes of UTF-8."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))

    def replace(self, node: ast.expr, text: str) -> Edit:
        """Return the edit that replaces an expression."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Edit(
            node.lineno,
            self.column(node.lineno, node.col_offset),
            node.end_lineno,
            self.column(node.end_lineno, node.end_col_offset),
            text,
        )

    def text_of(self, node: ast.AST) -> str:
        """Return the source of a node as it is written."""
        return ast.get_source_segment(self.source, node) or ""

    def step_kind(self, decorator: ast.expr) -> str | None:
        """Return the type of step that a decorator (or its call's function) defines, or None."""
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        dotted = self.names.dotted(target)
        if dotted is None:
            return None
        module, _, name = dotted.rpartition(".")
        return STEP_WORDS.get(name) if module in ("behave", "behave.step_registry") else None
