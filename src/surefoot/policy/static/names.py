"""What names in a Python source stand for, as far as its text tells. Executes nothing."""

import ast
from collections.abc import Iterator

STEP_WORDS = {
    word: word.lower()
    for word in ("given", "when", "then", "step", "Given", "When", "Then", "Step")
}
"""The names of behave's decorators, and the type of step that each defines."""
_BEHAVE = ("behave", "behave.step_registry", "behave.api.step_matchers", "behave.matchers")
_FROM_BEHAVE = (*STEP_WORDS, "use_step_matcher", "use_default_step_matcher", "register_type")


class Names:
    """The imports, simple assignments and plain texts of one module."""

    def __init__(self, implicit: bool) -> None:
        self.aliases: dict[str, str] = {}
        """Name to the dotted name that it stands for: `nap` to `time.sleep`."""
        self.texts: dict[str, str | None] = {}
        """Name to the text that it is bound to at module level; None when bound again."""
        self.kinds: dict[str, str | None] = {}
        """Last part of a target to the dotted callable that made it; None when several did."""
        if implicit:
            # behave puts them into the globals of each step module.
            for name in (*STEP_WORDS, "use_step_matcher", "step_matcher"):
                self.aliases[name] = f"behave.{name}"

    def take_import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note what an import binds."""
        if isinstance(node, ast.Import):
            for item in node.names:
                if item.asname:
                    self.aliases[item.asname] = item.name
                else:
                    top = item.name.partition(".")[0]
                    self.aliases[top] = top
            return
        module = "." * node.level + (node.module or "")
        for item in node.names:
            if item.name == "*":
                if module in _BEHAVE:
                    for name in _FROM_BEHAVE:
                        self.aliases[name] = f"behave.{name}"
                continue
            source = "behave" if module in _BEHAVE and item.name in _FROM_BEHAVE else module
            dot = "" if source.endswith(".") else "."
            self.aliases[item.asname or item.name] = f"{source}{dot}{item.name}"

    def take_assignment(self, target: ast.expr, value: ast.expr, *, top: bool) -> None:
        """Note what `target = value` says; `top` at module level and under no condition."""
        last = last_name(target)
        if last is None:
            return
        if isinstance(value, ast.Call):
            made = self.dotted(value.func)
            known = self.kinds.get(last, made)
            self.kinds[last] = made if known == made else None
        if not isinstance(target, ast.Name):
            return
        if isinstance(value, ast.Name | ast.Attribute):
            stands_for = self.dotted(value)
            if stands_for is not None and top:
                self.aliases[target.id] = stands_for
        if top:
            text = self.text(value)
            self.texts[target.id] = text if target.id not in self.texts else None

    def dotted(self, node: ast.expr) -> str | None:
        """Return the dotted name that an expression stands for: `time.sleep`; None if unknown."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        base = self.aliases.get(node.id)
        if base is None:
            return None
        return ".".join([base, *reversed(parts)]) if parts else base

    def made_by(self, node: ast.expr) -> str | None:
        """Return the dotted callable that made what a name or attribute holds, if only one did."""
        if isinstance(node, ast.Call):
            return self.dotted(node.func)
        last = last_name(node)
        return self.kinds.get(last) if last is not None else None

    def text(self, node: ast.expr) -> str | None:
        """Return the text that an expression is, if the source tells."""
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name(id=name):
                return self.texts.get(name)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self.text(left), self.text(right)
                return first + second if first is not None and second is not None else None
            case ast.JoinedStr(values=values):
                parts = [self.text(value) for value in values]
                return None if None in parts else "".join(part or "" for part in parts)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.text(value)
        return None


def last_name(node: ast.expr) -> str | None:
    """Return `c` of `a.b.c`, or of a plain name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def source_of(node: ast.expr) -> str | None:
    """Return `a.b.c` as it is written; None for anything but names and attributes."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(parts)])


def calls_in(nodes: list[ast.stmt], *, nested: bool = True) -> Iterator[ast.Call]:
    """Yield the calls in statements; without `nested`, not those in functions defined there."""
    pending: list[ast.AST] = list(nodes)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Call):
            yield node
        if not nested and isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            continue
        pending.extend(ast.iter_child_nodes(node))


def keyword(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """Return the argument of a call by its name or its position."""
    for item in call.keywords:
        if item.arg == name:
            return item.value
    if position is not None and len(call.args) > position:
        return call.args[position]
    return None
