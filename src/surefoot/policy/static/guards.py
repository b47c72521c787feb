"""Which uses of guarded fields happen without their lock, once all modules are known."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from surefoot.model.guards import GuardSpec
from surefoot.policy.static.facts import FieldAccess, GuardedClass, ModuleFacts, Raw


class Guard(msgspec.Struct, frozen=True):
    """Fields of a class that need its lock; `declared` in configuration, else seen in the class."""

    owner: str
    """Name of the class without its module."""
    lock: str
    fields: frozenset[str]
    declared: bool


def guards_of(specs: Iterable[GuardSpec], classes: Iterable[GuardedClass]) -> list[Guard]:
    """Return the guards of a suite. A declared one replaces what its class shows."""
    declared = [
        Guard(spec.owner.rpartition(".")[2], spec.lock, frozenset(spec.fields), declared=True)
        for spec in specs
    ]
    names = {guard.owner for guard in declared}
    return declared + [
        Guard(item.name, item.lock, frozenset(item.fields), declared=False)
        for item in classes
        if item.name not in names
    ]


def unguarded(
    guards: Iterable[Guard], modules: Mapping[str, ModuleFacts]
) -> Iterator[tuple[str, Raw]]:
    """Yield the uses of guarded fields in steps and hooks without the lock, by file."""
    by_field: dict[str, list[Guard]] = {}
    for guard in guards:
        for field in guard.fields:
            by_field.setdefault(field, []).append(guard)
    if not by_field:
        return
    made: dict[str, set[str]] = {}
    for facts in modules.values():
        for name, dotted in facts.made.items():
            made.setdefault(name, set()).add(dotted.rpartition(".")[2])
    for file, facts in modules.items():
        for access in facts.accesses:
            for guard in by_field.get(access.field, ()):
                if _is_owner(access, guard, made) and not _is_held(access, guard):
                    yield file, _finding(access, guard)
                    break


def _is_owner(access: FieldAccess, guard: Guard, made: Mapping[str, set[str]]) -> bool:
    kinds = made.get(access.owner.rpartition(".")[2])
    if kinds is not None:
        return guard.owner in kinds
    # What the object is made of is not told. A private name, or a declared guard, is enough.
    return access.field.startswith("_") or guard.declared


def _is_held(access: FieldAccess, guard: Guard) -> bool:
    # Any lock counts: it may be the same under another name, and no false alarm is wanted.
    words = (guard.lock.lower(), "lock", "snapshot")
    return any(word in held.lower() for held in access.held for word in words)


def _finding(access: FieldAccess, guard: Guard) -> Raw:
    lock = f"{access.owner}.{guard.lock}"
    what = "written" if access.write else "read"
    return Raw(
        "SF302" if access.write else "SF301",
        access.line,
        f"{access.owner}.{access.field} is {what} without {lock}"
        + ("" if guard.declared else f", under which {guard.owner} writes it"),
        f"with {lock}: ... around it, or surefoot.threads.snapshot({access.owner})",
        column=access.column,
        subject=access.field,
    )
