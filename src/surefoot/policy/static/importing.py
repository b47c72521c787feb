"""What importing a module sets off in other modules: the calls are followed across files.

Within one module `time_rules` follows them already; here a call at module level is followed
through what other modules of the project define, as far as the sources name it.
"""

from collections.abc import Callable, Iterator, Mapping

from surefoot.policy.static.facts import CallFact, Import, ModuleFacts, Raw
from surefoot.policy.static.time_rules import waits

Find = Callable[[str, Import], list[str]]
_DEPTH = 8


def work_at_import(
    modules: Mapping[str, ModuleFacts], find: Find, shown: Callable[[str], str]
) -> Iterator[tuple[str, Raw]]:
    """Yield the calls at import, by file, that wait or start something in another module."""
    for file, facts in modules.items():
        told = {raw.line for raw in facts.found if raw.code == "SF204"}
        for call in facts.calls.get("", ()):
            if call.line in told or call.blocks:
                continue
            found = _follow(file, call, modules, find, shown)
            if found is not None:
                told.add(call.line)
                yield (
                    file,
                    Raw(
                        "SF204",
                        call.line,
                        f"importing this module {found}",
                        "do it when it is first needed, or in before_all; an import only defines",
                        column=call.column,
                    ),
                )


def _follow(
    file: str,
    origin: CallFact,
    modules: Mapping[str, ModuleFacts],
    find: Find,
    shown: Callable[[str], str],
) -> str | None:
    seen: set[tuple[str, str]] = set()
    pending: list[tuple[str, CallFact, tuple[str, ...]]] = [(file, origin, ())]
    while pending:
        place, call, through = pending.pop()
        path = (*through, f"{call.text}()")
        if call.blocks:
            return f"{call.blocks}: {' -> '.join(path)} ({shown(place)}:{call.line})"
        target, name = _resolved(place, call.target, modules, find)
        if target is None or (target, name) in seen or len(path) > _DEPTH:
            continue
        seen.add((target, name))
        facts = modules[target]
        owner, _, method = name.rpartition(".")
        why = waits(facts.made.get(owner, ""), method)
        if why is not None:
            return f"{why}: {' -> '.join(path)} ({shown(place)}:{call.line})"
        made = facts.made.get(owner)
        if name not in facts.calls and made is not None:
            # A method of an object that the other module made.
            local = f":{made}" if "." not in made else made
            pending.append((target, CallFact(call.line, 0, call.text, f"{local}.{method}"), path))
            continue
        pending += [(target, inner, path) for inner in facts.calls.get(name, ())]
    return None


def _resolved(
    file: str, target: str, modules: Mapping[str, ModuleFacts], find: Find
) -> tuple[str | None, str]:
    """Return the file that defines a dotted name, and the name in it."""
    if target.startswith(":"):
        return file, target[1:]
    plain = target.lstrip(".")
    level = len(target) - len(plain)
    parts = plain.split(".")
    for length in range(len(parts) - 1, 0, -1):
        paths = find(file, Import(".".join(parts[:length]), [], level))
        # The last file is the module itself only where all parts of the name were found.
        if paths and paths[-1] in modules and _is_named(paths[-1], parts[length - 1]):
            return paths[-1], ".".join(parts[length:])
    return None, ""


def _is_named(path: str, name: str) -> bool:
    return path.endswith((f"/{name}.py", f"/{name}/__init__.py"))
