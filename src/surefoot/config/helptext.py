"""What `--help` prints, derived from the declarations. Prints nothing itself."""

from collections.abc import Sequence

from surefoot.config.options import Group, Option
from surefoot.config.settings import OPTIONS

WIDTH = 80
_COLUMN = 32
"""Where the descriptions of options start."""

_EXAMPLES = (
    ("surefoot run -j4 --tags=@smoke features/", "four workers, one tag"),
    ("surefoot run --last-failed --retries 2", "what failed, up to three times"),
    ("surefoot run --seed 7 -f plain -o out.txt", "one order, a formatter of behave"),
)


def wants_help(argv: Sequence[str]) -> bool:
    """True when `-h` or `--help` stands among the options."""
    before = argv[: list(argv).index("--")] if "--" in argv else argv
    return "-h" in before or "--help" in before


def run_help(*, every: bool = False) -> str:
    """Return the help of `surefoot run`: the common options, or every one. At most 80 columns."""
    lines = ["usage: surefoot run [options] [behave's options] [path[:line] ...]"]
    for group in Group:
        shown = [
            _row(_spellings(option), option.brief + _default(option))
            for option in OPTIONS.values()
            if option.group is group and (every or option.common)
        ]
        lines += ["", f"{group}:", *shown] if shown else []
    lines += ["", "Examples:", *_examples(_EXAMPLES), ""]
    if not every:
        lines.append("These are the common options: surefoot run --help-all shows every one.")
    lines += [
        "Options may also stand in surefoot.toml, in [tool.surefoot] of pyproject.toml",
        "and in SUREFOOT_* variables: see surefoot config. The rest is behave's, and is",
        "passed on to it: see behave --help.",
    ]
    return "\n".join(lines) + "\n"


def command_help(
    name: str,
    options: Sequence[tuple[str, str]] = (),
    examples: Sequence[tuple[str, str]] = (),
    *,
    about: str = "",
    arguments: str = "[options]",
) -> str:
    """Return the help of another command, in the same form.

    `options` are pairs of spelling and description, `examples` pairs of command and comment.
    """
    lines = [f"usage: surefoot {name} {arguments}".rstrip()]
    if about:
        lines += ["", about]
    if options:
        lines += ["", "Options:", *(_row(spelling, text) for spelling, text in options)]
    if examples:
        lines += ["", "Examples:", *_examples(examples)]
    return "\n".join(lines) + "\n"


def _spellings(option: Option) -> str:
    short = next((f"{flag}, " for flag in option.flags if len(flag) == 2), "    ")
    if option.is_flag:
        return f"{short}--[no-]{option.flag.removeprefix('--')}"
    return f"{short}{option.flag} {option.metavar}"


def _default(option: Option) -> str:
    shown = "" if option.is_flag else option.kind.show(option.default)
    return f" [{shown}]" if shown else ""


def _row(spelling: str, text: str) -> str:
    return f"  {spelling}".ljust(_COLUMN - 2) + f"  {text}"


def _examples(examples: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(command) for command, _ in examples)
    return [f"  {command:<{width}}  {comment}" for command, comment in examples]
