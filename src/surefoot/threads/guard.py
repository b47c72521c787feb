"""Declared guards: which fields may be touched only under which lock.

A guard puts a data descriptor in the place of each field on the class, and one in the place of
the lock. An access without the lock is a `Violation`, with the stack of the access and that of
the thread which took the lock, or touched the field, last. A guard never raises in the code
that it watches and never changes the value that is read or written.

What is seen are accesses to the attribute. `service.active["k"]` reads the attribute and is
seen; a reference that was kept (`active = service.active`) and is used later is not. The
thread that runs an object's constructor is left alone until that has returned.
"""

import contextlib
import dis
import inspect
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, TypeVar

import msgspec

from surefoot.errors import UserError
from surefoot.model.findings import Finding
from surefoot.threads import stacks, tracked
from surefoot.threads.stacks import Stack

_T = TypeVar("_T")
_BUILDERS = frozenset({"__init__", "__new__", "__post_init__", "__setstate__", "__del__"})
_KINDS = {"read": "SF301", "written": "SF302", "deleted": "SF302"}
_MOST = 1000
"""Violations that are kept until somebody asks for them; a loop could make millions."""


class GuardError(UserError):
    """A guard cannot be: no such field, a lock that is none, a class that cannot be changed.

    The message is a sentence that names what there is instead.
    """


class Rule(msgspec.Struct, frozen=True):
    """What one guard says."""

    owner: str
    """Name of the class, for messages."""
    lock: str
    fields: tuple[str, ...]
    fail: bool = False


class Violation(msgspec.Struct, frozen=True):
    """One access to a guarded field without its lock."""

    rule: Rule
    field: str
    kind: str
    """read, written or deleted."""
    thread: str
    stack: Stack
    other: str = ""
    """What the second stack is, in words; empty where there is none."""
    other_stack: Stack = ()

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return f"{self.rule.owner}.{self.field} is {self.kind} without holding {self.rule.lock}"

    def finding(self, scenario: str = "") -> Finding:
        """Return it as a finding."""
        file, line = stacks.place(self.stack)
        evidence = [f"{self.kind} by {self.thread}:"]
        evidence += [f"  {text}" for text in stacks.lines(self.stack)]
        if self.other:
            evidence.append(f"{self.other}:")
            evidence += [f"  {text}" for text in stacks.lines(self.other_stack)]
        return Finding(
            _KINDS[self.kind],
            self.message,
            file=file,
            line=line,
            remedy=f"hold {self.rule.lock} while the field is touched, or read a copy with"
            " surefoot.threads.snapshot()",
            evidence=tuple(evidence),
            scenario=scenario,
            subject=self.field,
        )


class _Log:
    """The violations of this process that nobody has asked for yet."""

    def __init__(self) -> None:
        # Only operations that are atomic: a lock of ours could be a modelled one by then.
        self._items: list[Violation] = []
        self._seen: set[tuple[str, str, str, CodeType, int]] = set()

    def add(self, violation: Violation) -> None:
        code, line = stacks.users(violation.stack)[0]
        key = (violation.rule.owner, violation.field, violation.kind, code, line)
        if key not in self._seen and len(self._items) < _MOST:
            self._seen.add(key)
            self._items.append(violation)

    def take(self) -> list[Violation]:
        items, self._items = self._items, []
        self._seen = set()
        return items


_log = _Log()


def violations() -> list[Violation]:
    """Return what was found since the last call, one for each line of code, and forget it.

    In a run of surefoot each scenario's become findings; this is for other places.
    """
    return _log.take()


# -- the descriptors


class _Access:
    """The last access to a field of an object."""

    __slots__ = ("ident", "kind", "stack", "thread")

    def __init__(self, ident: int, kind: str, stack: Stack) -> None:
        self.ident = ident
        self.kind = kind
        self.thread = stacks.thread_name(ident)
        self.stack = stack


class _Descriptor:
    """Stands where an attribute of a class was, and keeps values where they would be kept."""

    def __init__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name
        self.original: Any = inspect.getattr_static(owner, name, _MISSING)
        kind = type(self.original)
        self.is_data = self.original is not _MISSING and (
            hasattr(kind, "__set__") or hasattr(kind, "__delete__")
        )

    def read(self, instance: Any) -> Any:
        if self.is_data:
            return self.original.__get__(instance, type(instance))
        values = _own_values(instance)
        if self.name in values:
            return values[self.name]
        if self.original is _MISSING:
            message = f"'{type(instance).__name__}' object has no attribute '{self.name}'"
            raise AttributeError(message, name=self.name, obj=instance)
        getter = getattr(type(self.original), "__get__", None)
        return self.original if getter is None else getter(self.original, instance, type(instance))

    def write(self, instance: Any, value: Any) -> None:
        if self.is_data:
            self.original.__set__(instance, value)
        else:
            _values(instance, self.name)[self.name] = value

    def delete(self, instance: Any) -> None:
        if self.is_data:
            self.original.__delete__(instance)
        elif _values(instance, self.name).pop(self.name, _MISSING) is _MISSING:
            raise AttributeError(self.name, name=self.name, obj=instance)

    def of_class(self) -> Any:
        """What `Class.name` was without the guard."""
        if self.original is _MISSING:
            raise AttributeError(
                f"type object '{self.owner.__name__}' has no attribute {self.name!r}"
            )
        getter = getattr(type(self.original), "__get__", None)
        return self.original if getter is None else getter(self.original, None, self.owner)


class _Missing:
    """Stands for no value."""


_MISSING = _Missing()


def _values(instance: Any, name: str) -> dict[str, Any]:
    values: dict[str, Any] | None = getattr(instance, "__dict__", None)
    if values is None:
        message = f"'{type(instance).__name__}' object attribute '{name}' is read-only"
        raise AttributeError(message, name=name, obj=instance)
    return values


def _own_values(instance: Any) -> dict[str, Any]:
    values: dict[str, Any] = getattr(instance, "__dict__", {})
    return values


class _Guards:
    """The guards of a class: for all its objects, or for some."""

    def __init__(self) -> None:
        self.every: Rule | None = None
        self._some: dict[int, tuple[Any, Rule]] = {}

    def add(self, instance: Any, rule: Rule) -> None:
        key = id(instance)
        try:
            keep: Any = weakref.ref(instance, lambda _: self._some.pop(key, None))
        except TypeError:
            # Cannot be referenced weakly: it is kept, or its id could become another's.
            keep = instance
        self._some[key] = (keep, rule)

    def of(self, instance: Any) -> Rule | None:
        if self._some:
            found = self._some.get(id(instance))
            if found is not None:
                return found[1]
        return self.every


class _Field(_Descriptor):
    """A guarded field."""

    def __init__(self, owner: type, name: str) -> None:
        super().__init__(owner, name)
        self.guards = _Guards()
        self._last: dict[int, _Access] = {}

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self.of_class()
        rule = self.guards.of(instance)
        if rule is not None:
            self._check(instance, rule, "read", sys._getframe(1))
        return self.read(instance)

    def __set__(self, instance: Any, value: Any) -> None:
        rule = self.guards.of(instance)
        if rule is not None:
            self._check(instance, rule, "written", sys._getframe(1))
        self.write(instance, value)

    def __delete__(self, instance: Any) -> None:
        rule = self.guards.of(instance)
        if rule is not None:
            self._check(instance, rule, "deleted", sys._getframe(1))
        self.delete(instance)

    def _check(self, instance: Any, rule: Rule, kind: str, frame: FrameType) -> None:
        ident = threading.get_ident()
        lock = _lock_of(instance, rule.lock)
        if lock is not None and tracked.held_by_me(lock) is False and not _builds(frame, instance):
            stack = stacks.take(frame)
            other, other_stack = self._other(instance, lock, ident)
            name = stacks.thread_name(ident)
            _log.add(Violation(rule, self.name, kind, name, stack, other, other_stack))
        else:
            stack = ((frame.f_code, frame.f_lineno),)
        if len(self._last) > _MOST:
            self._last.clear()
        self._last[id(instance)] = _Access(ident, kind, stack)

    def _other(self, instance: Any, lock: Any, ident: int) -> tuple[str, Stack]:
        """Return the other side: who holds the lock, or touched the field, or took it last."""
        holder = lock.holder() if isinstance(lock, tracked.TrackedLock) else None
        if holder is not None:
            return f"meanwhile {holder.thread} holds the lock, taken here", holder.stack
        last = self._last.get(id(instance))
        if last is not None and last.ident != ident:
            return f"it was last {last.kind} by {last.thread}", last.stack
        taken = lock.last if isinstance(lock, tracked.TrackedLock) else None
        if taken is not None:
            return f"the lock was last taken by {taken.thread}", taken.stack
        return "", ()


class _LockField(_Descriptor):
    """The attribute that holds the lock: what is put there is tracked."""

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self.of_class()
        value = self.read(instance)
        if isinstance(value, tracked.TrackedLock) or tracked.why_no_lock(value):
            return value
        following = tracked.track(value)
        if following is not value:
            # It was put there before the guard, or is shared by all objects of the class.
            if self.name in _own_values(instance) or self.is_data:
                self.write(instance, following)
            elif self.original is value:
                self.original = following
        return following

    def __set__(self, instance: Any, value: Any) -> None:
        self.write(instance, value if tracked.why_no_lock(value) else tracked.track(value))

    def __delete__(self, instance: Any) -> None:
        self.delete(instance)


def _lock_of(instance: Any, name: str) -> Any:
    """Return the lock of an object; None while it has none, as in the middle of `__init__`."""
    value = getattr(instance, name, None)
    return None if value is None or tracked.why_no_lock(value) else value


def _builds(frame: FrameType | None, instance: Any) -> bool:
    """Tell whether this thread is in the constructor of the object."""
    while frame is not None:
        code = frame.f_code
        if (
            code.co_name in _BUILDERS
            and code.co_argcount
            and frame.f_locals.get(code.co_varnames[0]) is instance
        ):
            return True
        frame = frame.f_back
    return False


# -- putting guards up


def guarded(service: _T, *, lock: str = "_lock", fields: Iterable[str], fail: bool = False) -> _T:
    """Watch the fields of one object: each access without its lock is a finding.

    `lock` names the attribute that holds a Lock, an RLock or a Condition. With `fail` the
    scenario fails as well. Returns the object itself. Raises GuardError when a field or the
    lock does not exist, or is none.
    """
    owner = type(service)
    names = _names(fields, owner)
    for name in names:
        if not _has(service, name):
            raise GuardError(_no_field(owner, name, _fields_of(service)))
    value = getattr(service, lock, _MISSING)
    if value is _MISSING:
        raise GuardError(_no_lock_field(owner, lock, _locks_of(service)))
    wrong = tracked.why_no_lock(value)
    if wrong:
        raise GuardError(f"{owner.__name__}.{lock} cannot guard anything: {wrong}")
    rule = Rule(owner.__name__, lock, names, fail)
    for field in _install(owner, lock, names):
        field.guards.add(service, rule)
    _lock_of(service, lock)
    return service


def guarded_by(lock: str, *fields: str, fail: bool = False) -> Callable[[type[_T]], type[_T]]:
    """Watch the fields of all objects of a class; a decorator.

    Put it above `@dataclass`. Raises GuardError when the class never sets such a field.
    """

    def decorate(owner: type[_T]) -> type[_T]:
        guard_class(owner, lock, fields, fail=fail)
        return owner

    return decorate


def guard_class(owner: type, lock: str, fields: Iterable[str], *, fail: bool = False) -> None:
    """Watch the fields of all objects of a class, those included that exist already."""
    names = _names(fields, owner)
    known = class_fields(owner)
    if known is not None:
        for name in names:
            if name not in known:
                raise GuardError(_no_field(owner, name, known))
        if lock not in known:
            raise GuardError(_no_lock_field(owner, lock, known))
    held = inspect.getattr_static(owner, lock, None)
    if isinstance(held, bool | int | float | str | bytes | list | dict | set | tuple):
        wrong = tracked.why_no_lock(held)
        raise GuardError(f"{owner.__name__}.{lock} cannot guard anything: {wrong}")
    rule = Rule(owner.__name__, lock, names, fail)
    for field in _install(owner, lock, names):
        field.guards.every = rule


def rule_of(service: object) -> Rule | None:
    """Return the guard of an object, if it has one."""
    for owner in type(service).__mro__:
        for value in list(vars(owner).values()):
            if isinstance(value, _Field):
                rule = value.guards.of(service)
                if rule is not None:
                    return rule
    return None


def _install(owner: type, lock: str, names: tuple[str, ...]) -> list[_Field]:
    fields = []
    try:
        for name in names:
            field = vars(owner).get(name)
            if not isinstance(field, _Field):
                field = _Field(owner, name)
                setattr(owner, name, field)
            fields.append(field)
        if not isinstance(inspect.getattr_static(owner, lock, None), _LockField):
            setattr(owner, lock, _LockField(owner, lock))
    except TypeError:
        raise GuardError(
            f"{owner.__name__} cannot be guarded: it is not a class written in Python, and its"
            " attributes cannot be watched"
        ) from None
    return fields


def _names(fields: Iterable[str], owner: type) -> tuple[str, ...]:
    names = (fields,) if isinstance(fields, str) else tuple(fields)
    if not names:
        raise GuardError(f"the guard of {owner.__name__} names no field; give fields=[...]")
    return names


def _has(service: object, name: str) -> bool:
    with contextlib.suppress(Exception):
        return inspect.getattr_static(service, name, _MISSING) is not _MISSING
    return hasattr(service, name)


def _fields_of(service: object) -> frozenset[str]:
    return frozenset(_own_values(service)) | (class_fields(type(service)) or frozenset())


def _locks_of(service: object) -> frozenset[str]:
    return frozenset(
        name for name, value in _own_values(service).items() if not tracked.why_no_lock(value)
    )


def class_fields(owner: type) -> frozenset[str] | None:
    """Return the attributes that a class's objects can have, as far as its code tells.

    Those that it declares, and those that one of its methods assigns to its first argument.
    None where nobody can tell: the class, or one of its bases, sets attributes by itself or is
    not written in Python.
    """
    names: set[str] = set()
    for base in owner.__mro__:
        if base is object:
            continue
        own = vars(base)
        if "__getattr__" in own or "__setattr__" in own or "__getattribute__" in own:
            return None
        if not base.__flags__ & _HEAP_TYPE:
            return None
        names.update(own.get("__annotations__", ()) or getattr(base, "__annotations__", ()))
        names.update(name for name, value in own.items() if not inspect.isroutine(value))
        for value in own.values():
            for code in _codes(value):
                names.update(_assigned(code))
                if "setattr" in code.co_names or "__dict__" in code.co_names:
                    return None
    return frozenset(name for name in names if not name.startswith("__"))


_HEAP_TYPE = 1 << 9


def _codes(value: Any) -> Iterator[CodeType]:
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    parts = (value.fget, value.fset) if isinstance(value, property) else (value,)
    for part in parts:
        code = getattr(inspect.unwrap(part) if callable(part) else part, "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _assigned(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "STORE_ATTR" and isinstance(instruction.argval, str):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _assigned(constant)


def _no_field(owner: type, name: str, known: Iterable[str]) -> str:
    return (
        f"{owner.__name__} has no field {name} to guard{_nearest(name, known)};"
        f" it has: {_listed(known)}"
    )


def _no_lock_field(owner: type, name: str, known: Iterable[str]) -> str:
    return (
        f"{owner.__name__} has no attribute {name} that could be the lock{_nearest(name, known)};"
        f" it has: {_listed(known)}"
    )


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _listed(known: Iterable[str]) -> str:
    return ", ".join(sorted(known)) or "none"
