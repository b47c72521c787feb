"""From files to facts: reads, decodes, scans, in two processes where there is much to do.

The only place here that opens the suite's files. One that cannot be read has a fault, like one
that does not parse.
"""

import gc
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from surefoot.policy.static.cache import FactCache, FactsT, Stamp, digest_of, stamp_of
from surefoot.policy.static.facts import Fault, FeatureFacts, ModuleFacts, Raw
from surefoot.policy.static.gherkin import scan_feature
from surefoot.policy.static.pyscan import scan_module
from surefoot.policy.static.sharing import beside

_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_BEHAVE = re.compile(rb"^\s*(?:from|import)\s+behave\b", re.MULTILINE)
_ENOUGH = 400_000
"""Bytes of Python from which a second process gains more than it costs."""
_TURNS = 200
"""Parts, at most, into which two processes divide their files; each has a number of one byte."""


class Role(msgspec.Struct, frozen=True):
    """How a Python file takes part."""

    step_module: bool = False
    environment: bool = False
    in_tests: bool = False

    @property
    def word(self) -> str:
        """What tells the cache one role from another."""
        return f"{self.step_module:d}{self.environment:d}{self.in_tests:d}"


_Todo = tuple[str, Role, Stamp, bytes]


class Scanner:
    """Facts by path, from the cache or from the files. `processes` is 1 or 2.

    With `few`, only some files are asked about: reading the cache of all features would take
    longer than scanning those, and writing caches longer than scanning again.
    """

    def __init__(
        self,
        folder: str | None,
        *,
        language: str,
        guarded: frozenset[str],
        processes: int = 2,
        few: bool = False,
    ) -> None:
        self._language = language
        self._guarded = guarded
        self._processes = processes if hasattr(os, "fork") else 1
        self._folder = folder
        self._few = few
        self._features: FactCache[FeatureFacts] | None = None
        self._modules = FactCache(folder, "modules", ModuleFacts)
        self._done: dict[str, ModuleFacts] = {}
        self._unreadable: dict[str, Raw] = {}

    def unreadable(self, path: str) -> Raw | None:
        """Return why a file that was asked for could not be read."""
        return self._unreadable.get(path)

    def feature(self, path: str) -> FeatureFacts:
        """Return the facts of a feature file."""
        if self._features is None:
            folder = None if self._few else self._folder
            self._features = FactCache(folder, "features", FeatureFacts)
        found = self._known(self._features, path, self._language)
        if isinstance(found, FeatureFacts):
            return found
        if found is None:
            return FeatureFacts()
        stamp, data = found
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            self._refuse(path, data, error, "UTF-8, as behave does")
            return FeatureFacts()
        facts = scan_feature(text, self._language)
        self._features.keep(path, self._language, stamp, digest_of(data), facts)
        return facts

    def module(self, path: str, role: Role) -> ModuleFacts:
        """Return the facts of a Python file."""
        facts = self._done.get(path)
        if facts is None:
            facts = self._done[path] = self._module(path, role)
        return facts

    def scan_all(self, modules: Sequence[tuple[str, Role]], features: Sequence[str] = ()) -> None:
        """Scan many Python files at once; where that takes a second process, `features` as well."""
        todo: list[_Todo] = []
        for path, role in modules:
            if path in self._done:
                continue
            found = self._known(self._modules, path, self._word(role))
            if isinstance(found, ModuleFacts):
                self._done[path] = found
            elif found is not None:
                todo.append((path, role, *found))
        with without_collection():
            total = sum(len(item[3]) for item in todo)
            if self._processes > 1 and total > _ENOUGH:
                todo = self._share(todo, features)
            for path, role, stamp, data in todo:
                self._done[path] = self._scan(path, role, stamp, data)

    def widened(
        self, modules: Sequence[tuple[str, Role]], fields: frozenset[str]
    ) -> dict[str, ModuleFacts]:
        """Return the facts of modules that name one of these fields, with each use of it noted."""
        self._guarded |= fields
        needles = [f".{field}".encode() for field in fields]
        found = {}
        for path, role in modules:
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError:
                continue
            if any(needle in data for needle in needles):
                facts = self._facts(role, data)
                if isinstance(facts, ModuleFacts):
                    found[path] = facts
        return found

    def save(self) -> None:
        """Keep what was scanned for the next time."""
        self._modules.save(20 if self._few else 1)
        if self._features is not None:
            self._features.save()

    def _share(self, todo: list[_Todo], features: Sequence[str]) -> list[_Todo]:
        """Scan together with a child; return what is still to be done, if the child failed."""
        size = -(-len(todo) // _TURNS)
        parts = [todo[start : start + size] for start in range(0, len(todo), size)]
        # Whoever reads a byte has the part of that number: neither process waits for the other.
        turns, giver = os.pipe()
        os.write(giver, bytes(range(len(parts))))
        os.close(giver)
        left = set(range(len(parts)))

        def theirs() -> bytes:
            return msgspec.msgpack.encode(
                {
                    turn: [self._facts(role, data) for _, role, _, data in parts[turn]]
                    for turn in _read_turns(turns)
                }
            )

        def ours() -> None:
            for path in features:
                self.feature(path)
            for turn in _read_turns(turns):
                left.discard(turn)
                for path, role, stamp, data in parts[turn]:
                    self._done[path] = self._scan(path, role, stamp, data)

        try:
            scanned, _ = beside(theirs, ours)
        finally:
            os.close(turns)
        if scanned is not None:
            facts = msgspec.msgpack.decode(scanned, type=dict[int, list[ModuleFacts | str]])
            for turn, results in facts.items():
                left.discard(turn)
                for (path, role, stamp, data), result in zip(parts[turn], results, strict=True):
                    self._done[path] = self._take(path, role, stamp, data, result)
        return [item for turn in sorted(left) for item in parts[turn]]

    def _module(self, path: str, role: Role) -> ModuleFacts:
        found = self._known(self._modules, path, self._word(role))
        if isinstance(found, ModuleFacts):
            return found
        return ModuleFacts() if found is None else self._scan(path, role, *found)

    def _scan(self, path: str, role: Role, stamp: Stamp, data: bytes) -> ModuleFacts:
        return self._take(path, role, stamp, data, self._facts(role, data))

    def _facts(self, role: Role, data: bytes) -> ModuleFacts | str:
        """Return the facts of a source, or the encoding that it is not in."""
        try:
            source = _decode(data)
        except (UnicodeDecodeError, LookupError) as error:
            return getattr(error, "encoding", "") or str(error)
        return scan_module(
            source,
            step_module=role.step_module,
            in_tests=role.in_tests or _BEHAVE.search(data) is not None,
            environment=role.environment,
            guarded=self._guarded,
        )

    def _take(
        self, path: str, role: Role, stamp: Stamp, data: bytes, result: ModuleFacts | str
    ) -> ModuleFacts:
        if isinstance(result, str):
            self._refuse(path, data, None, result)
            return ModuleFacts(fault=Fault(0, "not text"))
        self._modules.keep(path, self._word(role), stamp, digest_of(data), result)
        return result

    def _word(self, role: Role) -> str:
        return f"{role.word}{','.join(sorted(self._guarded))}"

    def _known(
        self, cache: FactCache[FactsT], path: str, role: str
    ) -> FactsT | tuple[Stamp, bytes] | None:
        """Return facts from the cache, else the file's bytes; None when it cannot be read."""
        try:
            stamp = stamp_of(os.stat(path))
            found = cache.find(path, role, stamp)
            if found is not None:
                return found
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            self._unreadable[path] = Raw(
                "SF010",
                0,
                f"the file cannot be read: {error.strerror or error}",
                "mend its permissions, or remove it",
            )
            return None
        found = cache.find_content(path, role, stamp, digest_of(data))
        return found if found is not None else (stamp, data)

    def _refuse(self, path: str, data: bytes, error: UnicodeDecodeError | None, what: str) -> None:
        line = data.count(b"\n", 0, error.start) + 1 if error is not None else 0
        self._unreadable[path] = Raw(
            "SF010", line, f"the file is not text in {what}", "save it as UTF-8"
        )


def _read_turns(turns: int) -> Iterator[int]:
    while turn := os.read(turns, 1):
        yield turn[0]


def encoding_of(data: bytes) -> str:
    """Return the encoding that a Python source without byte order mark declares."""
    found = _CODING.search(b"\n".join(data.split(b"\n", 2)[:2]))
    return found[1].decode("ascii") if found else "utf-8"


def _decode(data: bytes) -> str:
    """Return a Python source as text, by its own declaration of its encoding."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8")
    return data.decode(encoding_of(data))


@contextmanager
def without_collection() -> Iterator[None]:
    """Without garbage collection: syntax trees are many objects, and none of them garbage yet."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What was made stays; the collector need not look through it again.
            gc.freeze()
            gc.enable()
