"""Splits a command line into surefoot's own options and the arguments that behave gets.

There is one command line for two programs. argparse cannot leave the other's options alone:
it would have to know them all, with their values, or guess (`parse_known_args` takes `-j` out
of `-n -j`, and completes `--st` to an option of ours). So this is a scanner over two tables:
our declarations and `behave_options`.

Guarantees: what is not ours reaches behave in the order it was typed, and whole; the value of
a behave option is never read as an option; behave's abbreviations mean what they mean there.
Ours have none, since one of ours could hide one of behave's.
"""

import re
from collections import deque
from collections.abc import Sequence

import msgspec

from surefoot.config import behave_options
from surefoot.config.options import Option
from surefoot.config.resolved import Origin
from surefoot.config.settings import OPTIONS
from surefoot.config.sources import Given, read_text
from surefoot.config.suggest import did_you_mean
from surefoot.errors import UserError

_NEGATIVE_NUMBER = re.compile(r"-[0-9]")


class Scanned(msgspec.Struct, frozen=True):
    """What a command line holds."""

    given: tuple[Given, ...]
    behave_args: tuple[str, ...]


def scan(argv: Sequence[str]) -> Scanned:
    """Split what follows `surefoot run`; raise UserError for what neither program knows."""
    scanner = _Scanner(argv)
    scanner.run()
    return Scanned(
        given=tuple(scanner.given.values()),
        behave_args=tuple(arg for _, arg in scanner.rest),
    )


def _own_flags() -> dict[str, tuple[Option, bool]]:
    """Return each of our flags with its option, and False where it turns a flag off."""
    flags = {}
    for option in OPTIONS.values():
        for flag in (option.flag, *option.flags):
            flags[flag] = (option, True)
        if option.negative:
            flags[option.negative] = (option, False)
    return flags


_OWN = _own_flags()


class _Scanner:
    """The state of one scan."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._left = deque(argv)
        self.given: dict[str, Given] = {}
        self.rest: list[tuple[str, str]] = []
        """Arguments for behave, each with the name of our option that it passes on, or ""."""

    def run(self) -> None:
        while self._left:
            arg = self._left.popleft()
            if arg == "--":
                self._keep(arg, *self._left)
                return
            if arg.startswith("--"):
                self._long(arg)
            elif arg.startswith("-") and arg != "-":
                self._cluster(arg)
            else:
                self._keep(arg)

    def _long(self, arg: str) -> None:
        flag, equals, text = arg.partition("=")
        if flag not in _OWN:
            flag = _behaves_own(flag)
        if flag in _OWN:
            self._take(flag, text if equals else None)
        elif flag == "--color" and not equals and not self._word_follows():
            # A bare `--color` at the end is an IndexError in behave, and before one of our
            # options it would come to stand before whatever follows that.
            self._keep("--color=auto")
        else:
            self._keep(arg)
            if flag in behave_options.TAKES_VALUE and not equals:
                self._keep(self._behaves_value(flag))

    def _cluster(self, arg: str) -> None:
        """Take our letters out of `-q`, `-j4`, `-Tq`; what is left stays in one piece."""
        kept, value = "-", None
        for at, letter in enumerate(arg[1:], start=1):
            flag, tail = f"-{letter}", arg[at + 1 :]
            if flag in _OWN:
                if not _OWN[flag][0].is_flag:
                    self._take(flag, tail.removeprefix("=") if tail else None)
                    break
                if tail.startswith("="):
                    self._take(flag, tail[1:])
                self._take(flag, None)
            elif flag in behave_options.NO_VALUE:
                kept += letter
            else:
                # An option with a value, whose value the rest is; or a letter that behave
                # does not know either, and will say so.
                kept += letter + tail
                if flag in behave_options.TAKES_VALUE and not tail:
                    value = self._behaves_value(flag)
                break
        if kept != "-":
            self._keep(kept)
        if value is not None:
            self._keep(value)

    def _take(self, flag: str, text: str | None) -> None:
        """Take one of our options, with its value from `text` or from the next argument."""
        option, positive = _OWN[flag]
        origin = Origin("command line", option.flag if positive else option.negative)
        if option.is_flag:
            if text is not None:
                raise UserError(f"{flag} takes no value; write {option.flag} or {option.negative}")
            text = "true" if positive else "false"
        elif text is None:
            text = self._own_value(flag, option)
        given = read_text(option, text, origin)
        if option.repeatable and given.value and option.name in self.given:
            earlier = self.given[option.name].value
            given = Given(option.name, (*earlier, *given.value), origin)
        self.given[option.name] = given
        if option.behave_too:
            self._pass_on(option, given.value)

    def _pass_on(self, option: Option, value: object) -> None:
        # The last one wins here as well: behave must not see what was taken back.
        self.rest = [(name, arg) for name, arg in self.rest if name != option.name]
        if value is True:
            self.rest.append((option.name, option.flag))
        elif isinstance(value, int) and not isinstance(value, bool):
            self.rest.append((option.name, f"{option.flag}={value}"))

    def _own_value(self, flag: str, option: Option) -> str:
        if self._word_follows() or (self._left and _NEGATIVE_NUMBER.match(self._left[0])):
            return self._left.popleft()
        raise UserError(f"{flag} needs a value: {option.kind.values}")

    def _behaves_value(self, flag: str) -> str:
        # Whatever follows, even what looks like an option: behave says what it thinks of it.
        if self._left:
            return self._left.popleft()
        raise UserError(f"{flag} needs a value; see behave --help")

    def _word_follows(self) -> bool:
        return bool(self._left) and (self._left[0] == "-" or not self._left[0].startswith("-"))

    def _keep(self, *args: str) -> None:
        self.rest.extend(("", arg) for arg in args)


def _behaves_own(flag: str) -> str:
    """Return the option of behave that `flag` is or abbreviates."""
    found = behave_options.completions(flag)
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(f"{flag} is ambiguous: it may be {', '.join(found)}; write it out")
    longs = [known for known in (*_OWN, *behave_options.FLAGS) if known.startswith("--")]
    raise UserError(
        f"{flag} is not an option{did_you_mean(flag, sorted(longs))}; "
        f"surefoot's own: {', '.join(option.flag for option in OPTIONS.values())}; "
        "behave's: see behave --help"
    )
