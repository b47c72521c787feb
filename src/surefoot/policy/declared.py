"""The tag rules of a project from its settings, with the file that declares its tags."""

import os
import re

from surefoot.config.suggest import did_you_mean
from surefoot.config.tables import Tables
from surefoot.errors import UserError
from surefoot.policy.names import TagRules
from surefoot.policy.quarantine import QuarantineRules

_WORD = re.compile(r"@?[^\s@\"'<>,;(){}\[\]]+")


def tag_rules(tables: Tables, cwd: str) -> TagRules:
    """Return the rules for tags. Raises UserError for a tag file that is not one."""
    table = tables.tags
    declared: tuple[str, ...] | None = None
    if table.declared or table.declared_file:
        declared = _bare(table.declared)
        if table.declared_file:
            declared += read_tag_file(os.path.join(cwd, table.declared_file), table.declared_file)
    return TagRules(
        issue=_bare(table.issue),
        expected_fail=_bare(table.expected_fail),
        needs_issue=table.needs_issue,
        expect_error=table.expect_error.removeprefix("@"),
        expect_message=table.expect_message.removeprefix("@"),
        reserved=_bare(table.reserved),
        quarantine=_bare(tables.quarantine.tags),
        declared=declared,
    )


def quarantine_rules(tables: Tables) -> QuarantineRules:
    """Return the rules for quarantine. Raises UserError for an end of no tag's quarantine."""
    table = tables.quarantine
    tags = _bare(table.tags)
    until = {name.removeprefix("@"): day for name, day in table.until.items()}
    issue = {name.removeprefix("@"): text for name, text in table.issue.items()}
    for name in (*until, *issue):
        if name not in tags:
            raise UserError(
                f"[tool.surefoot.quarantine] gives {name} an end, and does not quarantine it"
                f"{did_you_mean(name, tags)}; add it to tags there"
            )
    return QuarantineRules(tags=tags, until=until, issue=issue, links=_bare(tables.tags.issue))


def _bare(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.removeprefix("@") for name in names)


def read_tag_file(path: str, shown: str) -> tuple[str, ...]:
    """Return the tags that a file declares: one a line, and after a space what it means."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise UserError(
            f"the tag file {shown} cannot be read: {error.strerror}; mend declared_file in"
            " [tool.surefoot.tags]"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"the tag file {shown} is not UTF-8 text; save it as UTF-8") from None
    names = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not _WORD.fullmatch(words[0]):
            raise UserError(
                f"{shown}:{number}: {words[0]} is no tag; write one tag a line, then a space and"
                " what it means"
            )
        names.append(words[0].removeprefix("@"))
    return tuple(names)
