"""What the tag `@explore` asks for.

`@explore`, `@explore:500` and `@explore(schedules=500,seed=7,policy=pct,granularity=line)`;
behave ends a tag at a space, so there may be none in the brackets. `@explore:500` works
everywhere, also in tag expressions, where brackets have a meaning of their own.
"""

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec

from surefoot.errors import UserError
from surefoot.threads.search import Options

_TAG = re.compile(r"explore(?::(?P<number>[^()]*)|\((?P<options>.*)\))?")
_LIKE = re.compile(r"explore\W")
_KNOWN = ("schedules", "seed", "policy", "granularity", "packages")


def is_asked(tag: str) -> bool:
    """Tell whether a tag is of this kind, right or wrong."""
    return tag == "explore" or bool(_LIKE.match(tag))


def by_tags(tags: Iterable[str], usual: Options) -> Options | None:
    """Return what the tags ask for; None if they ask for nothing. Raises UserError."""
    found = None
    for tag in sorted(tags):
        if is_asked(tag):
            found = _read(tag, found or usual)
    return found


def _read(tag: str, usual: Options) -> Options:
    match = _TAG.fullmatch(tag)
    if match is None:
        raise _wrong(tag, "it is neither @explore, @explore:200 nor @explore(schedules=200)")
    text = match["options"] or ""
    if match["number"] is not None:
        text = f"schedules={match['number']}"
    given: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals:
            name, value = "schedules", name
        if name not in _KNOWN:
            raise _wrong(tag, f"{name} is not known (known: {', '.join(_KNOWN)})")
        given[name] = _value(tag, name, value)
    return msgspec.structs.replace(usual, **given)


def _value(tag: str, name: str, value: str) -> Any:
    if name in {"schedules", "seed"}:
        if not re.fullmatch(r"[0-9]{1,9}", value) or (name == "schedules" and int(value) < 1):
            raise _wrong(tag, f'{name} "{value}" is not a whole number of at least 1')
        return int(value)
    if name == "packages":
        return tuple(value.split("+"))
    hint = Options.__annotations__[name]
    if value not in get_args(hint):
        raise _wrong(tag, f'{name} "{value}" is not known (known: {", ".join(get_args(hint))})')
    return value


def _wrong(tag: str, why: str) -> UserError:
    return UserError(f"tag @{tag}: {why}")
