"""What a module tells behave's registry when it is loaded: definitions, matchers, types.

Called by the walk of `pyscan`, in the order in which an import would run the statements.
"""

import ast

from surefoot.policy.static.facts import (
    CustomMatcher,
    DefineType,
    Definition,
    Happening,
    Import,
    ModuleFacts,
    Step,
    UseMatcher,
)
from surefoot.policy.static.names import STEP_WORDS, keyword, last_name
from surefoot.policy.static.scope import FunctionNode, Scope

_MATCHERS = ("behave", "behave.api.step_matchers", "behave.matchers")
_CUCUMBER = "behave.cucumber_expression"


def take_function(node: FunctionNode, scope: Scope, facts: ModuleFacts) -> bool:
    """Note the definitions that a function's decorators make; return whether it is a step."""
    is_step = False
    pattern: str | None = ""
    # Decorators run from the last to the first.
    for decorator in reversed(node.decorator_list):
        kind = scope.step_kind(decorator)
        if kind is None:
            pattern = _converter_pattern(decorator, scope)
            _take_foreign(decorator, scope, facts)
            continue
        is_step = True
        if isinstance(decorator, ast.Call):
            first = min(item.lineno for item in node.decorator_list)
            _take_definition(decorator, kind, first, scope, facts)
    if not scope.frames and not scope.classes and not is_step:
        facts.converters[node.name] = pattern
    return is_step


def take_class(node: ast.ClassDef, scope: Scope, facts: ModuleFacts) -> None:
    """Note a class with a `pattern`, which may be a type's converter."""
    if not scope.frames and not scope.classes:
        facts.converters[node.name] = None


def take_pattern(
    target: ast.expr, value: ast.expr | None, scope: Scope, facts: ModuleFacts
) -> None:
    """Note `converter.pattern = "..."` and converters that parse_type builds."""
    if scope.frames or value is None:
        return
    if isinstance(target, ast.Attribute) and target.attr == "pattern":
        name = last_name(target.value)
        if name in facts.converters:
            facts.converters[name] = None if scope.conditional else scope.names.text(value)
    elif isinstance(target, ast.Name) and isinstance(value, ast.Call | ast.Lambda):
        facts.converters[target.id] = _pattern_of(value, scope, facts)[0]


def take_import(node: ast.Import | ast.ImportFrom, facts: ModuleFacts) -> None:
    """Note an import that runs when the module is loaded."""
    if isinstance(node, ast.Import):
        modules = [Import(item.name, []) for item in node.names]
    else:
        modules = [Import(node.module or "", [item.name for item in node.names], node.level)]
    facts.happenings += [Happening(module=module) for module in modules]


def take_call(node: ast.Call, scope: Scope, facts: ModuleFacts) -> None:
    """Note a call that changes what behave's registry does, or that runs steps by their text."""
    if isinstance(node.func, ast.Attribute) and node.func.attr == "execute_steps":
        _take_execute_steps(node, scope, facts)
        return
    if isinstance(node.func, ast.Call):
        # given("text")(function)
        kind = scope.step_kind(node.func)
        if kind is not None:
            _take_definition(node.func, kind, node.lineno, scope, facts)
        return
    dotted = scope.names.dotted(node.func)
    if scope.in_tests and not scope.in_step:
        _take_dynamic(node, dotted, scope, facts)
    if dotted is None:
        return
    module, _, name = dotted.rpartition(".")
    if module == _CUCUMBER or (module in _MATCHERS and name not in STEP_WORDS):
        _take_matcher_call(node, name, scope, facts)


def _take_dynamic(node: ast.Call, dotted: str | None, scope: Scope, facts: ModuleFacts) -> None:
    """Note an import by name, and code that is run from a text: it may define steps."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if dotted == "importlib.import_module" or name == "__import__":
        module = scope.names.text(node.args[0]) if node.args else None
        if module is not None and not scope.frames and not module.startswith("."):
            facts.happenings.append(Happening(module=Import(module, [])))
            return
    elif not (
        name in ("exec", "execfile")
        or dotted in ("runpy.run_path", "runpy.run_module")
        or (isinstance(node.func, ast.Attribute) and node.func.attr == "exec_module")
    ):
        return
    what = "a module is imported or run by a name or text that is made at run time"
    facts.happenings.append(Happening(custom=CustomMatcher(node.lineno, what)))


def _take_definition(
    call: ast.Call, kind: str, function_line: int, scope: Scope, facts: ModuleFacts
) -> None:
    if scope.frames:
        # Made when that function is called, if ever, with a text that it may compute.
        facts.happenings.append(
            Happening(custom=CustomMatcher(call.lineno, "a step is defined inside a function"))
        )
        return
    argument = keyword(call, "step_text", 0)
    pattern = scope.names.text(argument) if argument is not None else None
    facts.happenings.append(
        Happening(
            definition=Definition(
                call.lineno, function_line, kind, pattern, plain=not scope.conditional
            )
        )
    )


def _take_foreign(decorator: ast.expr, scope: Scope, facts: ModuleFacts) -> None:
    """Note a decorator that is named like one of behave's and comes from elsewhere."""
    if not isinstance(decorator, ast.Call):
        return
    name = last_name(decorator.func)
    dotted = scope.names.dotted(decorator.func)
    if dotted is None:
        foreign = isinstance(decorator.func, ast.Name) and name in STEP_WORDS
    else:
        foreign = dotted.rpartition(".")[2] in STEP_WORDS and not dotted.startswith("pytest_bdd.")
    if foreign:
        facts.happenings.append(
            Happening(custom=CustomMatcher(decorator.lineno, f"@{name} comes from elsewhere"))
        )


def _take_matcher_call(node: ast.Call, name: str, scope: Scope, facts: ModuleFacts) -> None:
    if name in ("register_type", "define_parameter_type", "define_parameter_type_with"):
        _take_types(node, name, scope, facts)
        return
    if name in ("use_step_matcher", "step_matcher", "use_default_step_matcher"):
        argument = keyword(node, "name", 0)
        matcher = "" if argument is None else scope.names.text(argument)
    elif name == "use_step_matcher_for_cucumber_expressions":
        matcher = "cucumber_expressions"
    elif name == "register_step_matcher_class":
        facts.happenings.append(
            Happening(custom=CustomMatcher(node.lineno, "a matcher class is registered"))
        )
        return
    else:
        return
    if scope.frames and scope.frames[0].is_hook:
        # Hooks run after the steps are loaded.
        return
    if scope.frames or scope.conditional:
        matcher = None
    facts.happenings.append(Happening(matcher=UseMatcher(matcher)))


def _take_types(node: ast.Call, name: str, scope: Scope, facts: ModuleFacts) -> None:
    if name == "register_type":
        for item in node.keywords:
            if item.arg is None:
                # register_type(**types): any name may be among them.
                facts.happenings.append(Happening(type=DefineType("*", None)))
                continue
            pattern, made = _pattern_of(item.value, scope, facts)
            if scope.frames or scope.conditional:
                pattern, made = None, ""
            facts.happenings.append(Happening(type=DefineType(item.arg, pattern, made=made)))
        return
    call: ast.expr | None = node
    if name == "define_parameter_type":
        call = keyword(node, "parameter_type", 0)
    type_name = pattern = None
    if isinstance(call, ast.Call):
        argument = keyword(call, "name", 0)
        type_name = scope.names.text(argument) if argument is not None else None
        expression = keyword(call, "regexp", 1)
        pattern = scope.names.text(expression) if expression is not None else None
    facts.happenings.append(Happening(type=DefineType(type_name or "*", pattern, cucumber=True)))


def _take_execute_steps(node: ast.Call, scope: Scope, facts: ModuleFacts) -> None:
    argument = keyword(node, "steps_text", 0)
    text = scope.names.text(argument) if argument is not None else None
    if text is None:
        facts.computed_steps = True
        return
    kind = "given"
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        word = word.lower()
        if word in ("given", "when", "then", "and", "but", "*"):
            kind = word if word in ("given", "when", "then") else kind
            facts.used_steps.append(Step(node.lineno, kind, rest.strip()))


def _converter_pattern(decorator: ast.expr, scope: Scope) -> str | None:
    """Return the pattern that a decorator gives a converter; None when that is not told."""
    if isinstance(decorator, ast.Call):
        dotted = scope.names.dotted(decorator.func)
        if dotted in ("parse.with_pattern", "behave.parameter_type.parse.with_pattern"):
            argument = keyword(decorator, "pattern", 0)
            return scope.names.text(argument) if argument is not None else None
    # It may set a pattern, or return another function.
    return None


def _pattern_of(value: ast.expr, scope: Scope, facts: ModuleFacts) -> tuple[str | None, str]:
    """Return the pattern of a converter expression, or the dotted name of an imported one."""
    if isinstance(value, ast.Lambda):
        return "", ""
    if isinstance(value, ast.Call):
        return _built_pattern(value, scope), ""
    if isinstance(value, ast.Name) and value.id in facts.converters:
        return facts.converters[value.id], ""
    dotted = scope.names.dotted(value)
    if dotted is not None:
        return None, dotted
    if isinstance(value, ast.Name) and value.id in ("int", "float", "str", "bool", "complex"):
        return "", ""
    return None, ""


def _built_pattern(call: ast.Call, scope: Scope) -> str | None:
    """Return what parse_type's TypeBuilder makes of a table of texts."""
    dotted = scope.names.dotted(call.func) or ""
    if ".TypeBuilder." not in f".{dotted}" or not call.args:
        return None
    argument = call.args[0]
    items: list[ast.expr | None] = []
    if dotted.endswith(".make_enum") and isinstance(argument, ast.Dict):
        items = list(argument.keys)
    elif dotted.endswith(".make_choice") and isinstance(argument, ast.List | ast.Tuple):
        if len(call.args) > 1 or call.keywords:
            return None
        items = list(argument.elts)
    texts = [scope.names.text(item) if item is not None else None for item in items]
    known = [text for text in texts if text is not None]
    return "|".join(known) if known and len(known) == len(texts) else None
