"""What the source of a regular expression says about the texts that it can match.

Pure functions over text: knows neither behave nor parse, and compiles nothing but the
insides of groups. Says nothing (`None`) rather than something doubtful.
"""

import functools
import re
import warnings

import msgspec

# One step of reading an expression as `re` reads it. To take something literal for something
# else is safe, as it only ends a literal run; to take something else for literal is not.
_TOKEN = re.compile(
    r"""
      (?P<text>     [^\\.^$*+?{}\[\]|()]+ )
    | \\(?P<escaped> [0-9]{1,3} | x.. | u.{4} | U.{8} | N\{[^}]*\} | . )
    | (?P<set>      \[ \^? \]? (?: \\. | [^\]\\] )* \] )
    | (?P<again>    \( \?P= (?P<referred> \w+ ) \) )
    | (?P<named>    \( \?P< (?P<name> \w+ ) > )
    | (?P<plain>    \( (?: \?: | (?!\?) ) )
    | (?P<around>   \( \? (?: [=!>] | <[=!] ) )
    | (?P<close>    \) )
    | (?P<repeat>   [*+?] | \{[0-9]*,?[0-9]*\} | \{ )
    | (?P<bar>      \| )
    | (?P<start>    \^ )
    | (?P<end>      \$ )
    | (?P<other>    . )
    """,
    re.DOTALL | re.VERBOSE,
)
_OPENING = frozenset({"named", "plain", "around"})
# At the top level: an alternative to everything before it, or no regular expression.
_CLOSING = frozenset({"bar", "close"})
# Inside a group these mean something that depends on what is around the group.
_NOT_CONTAINED = re.compile(r"\\[0-9] | \( \? (?! [:=!>] | <[=!] )", re.VERBOSE)
# Flags may turn off case or turn on comments, and a conditional depends on other groups.
_UNREADABLE = re.compile(r"\( \? (?! [:=!>] | <[=!] | P[<=] )", re.VERBOSE)


class Shape(msgspec.Struct, frozen=True):
    """What every text that an expression matches must look like.

    Holds for case-sensitive matching from the first character on, for texts that do not end
    in a line feed (before which `$` matches too).
    """

    prefix: str
    suffix: str
    literal: bool
    """The expression matches `prefix` and nothing else."""
    sound: bool
    """The expression is certain to compile, and not to match the empty text."""
    between: tuple[str, ...] = ()
    """What is between prefix and suffix, in this order and apart from each other."""

    def later_words(self) -> list[str]:
        """Return words after the prefix that a text has between spaces, or after the last."""
        words = self.suffix.split(" ")[1:]
        for part in self.between:
            words += part.split(" ")[1:-1]
        return words

    def admits(self, text: str) -> bool:
        """Return False if the expression cannot match the text."""
        if not (text.startswith(self.prefix) and text.endswith(self.suffix)):
            return False
        start = len(self.prefix)
        end = len(text) - len(self.suffix)
        for part in self.between:
            found = text.find(part, start, end)
            if found < 0:
                return False
            start = found + len(part)
        return start <= end


def read_shape(source: str, whole: bool) -> Shape | None:
    r"""Return the shape of the regular expression `source`; None when it cannot be known.

    `whole` says that the match must reach the end of the text, as with `\A...\Z` around it.
    """
    if "(?" in source and _UNREADABLE.search(source):
        return None
    literals: list[str] = []
    run = ""  # the literal text since the last thing that was not literal
    names: set[str] = set()
    sound, consumes = True, False
    depth, body = 0, 0
    last = len(source)
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup
        if depth:
            if kind in _OPENING:
                depth += 1
            elif kind == "close":
                depth -= 1
                if not depth:
                    empty = _matches_empty(source[body : token.start()])
                    sound = sound and empty is not None
                    consumes = consumes or empty is False
        elif kind == "text":
            run += token.group()
            consumes = True
        elif kind == "escaped" and not _is_special(token["escaped"]):
            run += token["escaped"]
            consumes = True
        elif kind in _CLOSING:
            return None
        elif kind == "start" and token.start() == 0:
            pass
        elif token.end() == last and (kind == "end" or token["escaped"] == "Z"):
            whole = True
        else:
            if kind == "repeat":
                # What is repeated may be absent, or be there more than once.
                run = run[:-1]
            if run or not literals:
                literals.append(run)
            run = ""
            if kind == "again":
                sound = sound and token["referred"] in names
            elif kind in _OPENING:
                depth, body = 1, token.end()
                sound = sound and kind != "around"
                if kind == "named":
                    sound = sound and _is_new_name(token["name"], names)
                    names.add(token["name"])
            else:
                sound = False
    if depth:
        return None
    sound = sound and consumes
    if not literals:
        return Shape(run, "", whole, sound)
    if run and not whole:
        literals.append(run)
        run = ""
    prefix, *between = literals
    return Shape(prefix, run, False, sound, tuple(between))


def _is_special(escaped: str) -> bool:
    return escaped[0].isascii() and escaped[0].isalnum()


def _is_new_name(name: str, names: set[str]) -> bool:
    return name.isascii() and name.isidentifier() and name not in names


@functools.lru_cache(maxsize=4096)
def _matches_empty(body: str) -> bool | None:
    """Return whether the inside of a group can match nothing; None when it may not compile.

    An inside that compiles alone, and refers to nothing outside, compiles in any group.
    """
    if _NOT_CONTAINED.search(body):
        return None
    try:
        with warnings.catch_warnings():
            # A warning is for the one who compiles the whole expression.
            warnings.simplefilter("error")
            return re.compile(body, re.DOTALL).match("") is not None
    except (re.error, OverflowError, RecursionError, Warning):
        return None
