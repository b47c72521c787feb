"""Where in the code a thread can be stopped, in words, and where this interpreter can stop it.

Knows bytecode; runs nothing. What CPython does at an instruction is read from `dis`, so that it
holds for the interpreter that runs, and not for the one that this was written on.
"""

import dis
import sys
import zlib
from types import CodeType

from surefoot.threads import stacks

_CALLS = frozenset({"CALL", "CALL_FUNCTION_EX", "CALL_KW", "CALL_FUNCTION", "CALL_METHOD"})
_HIDDEN = frozenset({"CACHE", "EXTENDED_ARG", "NOP"})


_OPEN_BEFORE = frozenset(
    number
    for name, number in dis.opmap.items()
    # JUMP_BACKWARD_NO_INTERRUPT is named for not looking.
    if name == "RESUME" or ("JUMP_BACKWARD" in name and "NO_INTERRUPT" not in name)
)
_OPEN_AFTER = frozenset(dis.opmap[name] for name in _CALLS if name in dis.opmap)
_NOTHING = frozenset(dis.opmap[name] for name in _HIDDEN if name in dis.opmap)


def opens(code: CodeType) -> frozenset[int]:
    """Return the offsets before which the interpreter looks whether another thread wants to run.

    It looks when a function begins, at a jump backwards, and after a call has returned. Read from
    the bytes, since `dis` takes longer than most schedules.
    """
    found = _opens.get(id(code))
    if found is None:
        offsets = set()
        after_call = False
        data = code.co_code
        for offset in range(0, len(data), 2):
            number = data[offset]
            if number in _NOTHING:
                continue
            if after_call or number in _OPEN_BEFORE:
                offsets.add(offset)
            after_call = number in _OPEN_AFTER
        found = frozenset(offsets)
        _opens[id(code)] = found
        _kept.append(code)
    return found


_opens: dict[int, frozenset[int]] = {}
_kept: list[CodeType] = []
"""Code objects are told apart by identity: comparing them is slow, and equal ones are different
places. Each is kept alive, so that its id stays its own."""


class CodePlaces:
    """What is known about the offsets of one code object."""

    __slots__ = ("code", "lines", "words")

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.lines: dict[int, int] = {}
        self.words: dict[int, str] = {}
        line = code.co_firstlineno
        for item in dis.get_instructions(code):
            line = _line(item) or line
            self.lines[item.offset] = line
            self.words[item.offset] = _words(item)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Let what says nothing by itself (a constant, a copy) say what follows on its line."""
        following, at = "", 0
        for offset in sorted(self.words, reverse=True):
            if self.words[offset]:
                following, at = self.words[offset], self.lines[offset]
            elif self.lines[offset] == at:
                self.words[offset] = following

    def line(self, offset: int) -> int:
        return self.lines.get(offset, self.code.co_firstlineno)


_known: dict[int, CodePlaces] = {}


def of(code: CodeType) -> CodePlaces:
    """Return what is known about a code object; it is read once."""
    places = _known.get(id(code))
    if places is None:
        places = _known[id(code)] = CodePlaces(code)
    return places


def _line(item: dis.Instruction) -> int:
    positions = item.positions
    return (positions.lineno or 0) if positions else 0


def _words(item: dis.Instruction) -> str:
    """Return what a thread is about to do with this instruction."""
    name, value = item.opname, item.argval
    if name.startswith("STORE_"):
        return f"before it stores {value}" if isinstance(value, str) else "before it stores"
    if name in {"LOAD_ATTR", "LOAD_METHOD"}:
        return f"before it reads .{value}"
    if name.startswith("LOAD_") and isinstance(value, str):
        return f"before it reads {value}"
    if name.startswith("DELETE_") or name == "DELETE_SUBSCR":
        return "before it deletes"
    if name in {"CALL", "CALL_FUNCTION_EX", "CALL_KW", "PRECALL"}:
        return "before the call"
    if name in {"BINARY_SUBSCR", "BINARY_SLICE"}:
        return "before it reads an item"
    if name == "BINARY_OP":
        return f"before it computes {item.argrepr}" if item.argrepr else "before it computes"
    if name in {"BEFORE_WITH", "LOAD_SPECIAL"}:
        return "before it enters the block"
    if name in {"CONTAINS_OP", "COMPARE_OP", "IS_OP"}:
        return "before it compares"
    if name == "FOR_ITER":
        return "before the next item"
    if name.startswith("RETURN_"):
        return "before it returns"
    return ""


def mark(path: str, line: int, offset: int) -> int:
    """Return 16 bits that tell whether a replay stops a thread where the search did."""
    tail = path.rpartition("/")[2]
    return zlib.crc32(f"{tail}:{line}:{offset}".encode()) & 0xFFFF


def text(path: str, line: int) -> str:
    """Return `file:line  source`."""
    shown = stacks.source(path, line)
    return f"{stacks.relative(path)}:{line}  {shown}".rstrip()


def has_global_lock() -> bool:
    """Tell whether this interpreter runs one thread at a time."""
    enabled = getattr(sys, "_is_gil_enabled", None)
    return True if enabled is None else bool(enabled())
