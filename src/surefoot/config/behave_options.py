"""The options of behave's own command line, so that none of them is mistaken for ours.

Copied from OPTIONS in behave/configuration.py of behave 1.3.3; a test compares the two. It is
a copy because importing behave takes longer than all of our own start-up.
"""

# One option of behave a line, with all its spellings, after what it takes:
#   = a value    ? a value if one follows    . no value
# `-h` and `--help` are argparse's.
_TABLE = """
= -D --define
= -e --exclude
= -f --format
= -i --include
= -j --jobs --parallel
= --junit-directory
= --lang
= --lang-help
= --logging-datefmt
= --logging-filter
= --logging-format
= --logging-level
= -n --name
= -o --outfile
= -r --runner
= --stage
= -t --tags
? --color
. --capture --no-capture
. --capture-hooks --no-capture-hooks
. --capture-log --logcapture --no-capture-log --no-logcapture
. --capture-stderr --no-capture-stderr
. --capture-stdout --no-capture-stdout
. -C --no-color
. -d --dry-run
. -h --help
. --junit --no-junit
. --lang-list
. --logging-clear-handlers --no-logging-clear-handlers
. --multiline --no-multiline
. -q --quiet
. --show-skipped --no-skipped
. --show-source --no-source
. --show-timings -T --no-timings
. --snippets --no-snippets
. --steps-catalog
. --stop
. --summary --no-summary
. --tags-help
. -v --verbose
. --version
. -w --wip
"""


def _flags(takes: str) -> frozenset[str]:
    rows = (line.split() for line in _TABLE.strip().splitlines())
    return frozenset(flag for mark, *flags in rows if mark == takes for flag in flags)


TAKES_VALUE = _flags("=")
OPTIONAL_VALUE = _flags("?")
"""With a value if the next argument is no option. Such a word goes to behave in any case."""
NO_VALUE = _flags(".")
FLAGS = TAKES_VALUE | OPTIONAL_VALUE | NO_VALUE


def completions(flag: str) -> list[str]:
    """Return behave's long options that `flag` is, or abbreviates as argparse allows."""
    if flag in FLAGS:
        return [flag]
    return sorted(known for known in FLAGS if known.startswith("--") and known.startswith(flag))
