"""Settings that are tables, declared once: each struct is a TOML table, each field a key of it.

Options (`settings`) have one value and can stand on a command line; what is here is of the
project and stands in its files only. To add a table, declare a struct and a field of `Tables`,
and run `python -m surefoot.config.docs`.
"""

import datetime
import re
from typing import Annotated, Any

import msgspec

from surefoot.config.suggest import did_you_mean
from surefoot.errors import UserError


def _key(text: str) -> msgspec.Meta:
    """What docs/options.md says about a key; whole sentences."""
    return msgspec.Meta(description=text)


class TagTable(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the tags that mark known bugs; see [tags.md](tags.md)."""

    issue: Annotated[
        tuple[str, ...],
        _key(
            "The generic tags of a known bug. Each is also the beginning of a link: with "
            "`tdd_issue`, `@tdd_issue_12` links issue 12."
        ),
    ] = ("tdd_issue", "tdd_bug")
    expected_fail: Annotated[
        tuple[str, ...], _key("The tags that say that the scenario fails until the bug is mended.")
    ] = ("tdd_expected_fail",)
    needs_issue: Annotated[
        bool, _key("Whether an expected failure needs the generic tag and a link.")
    ] = True
    expect_error: Annotated[
        str, _key("The tag that states the type of the failure: `@expect_error:TypeError`.")
    ] = "expect_error"
    expect_message: Annotated[
        str,
        _key(
            "The tag that states a part of the failure's message: `@expect_message:not_found`; "
            "`_` stands for a space too."
        ),
    ] = "expect_message"
    reserved: Annotated[
        tuple[str, ...],
        _key(
            "Beginnings that no other tag may have: a tag that begins so and is none of those "
            "above is malformed."
        ),
    ] = ("tdd_",)
    declared: Annotated[
        tuple[str, ...],
        _key("All tags of the project; `*` stands for anything. Any other tag is a finding."),
    ] = ()
    declared_file: Annotated[
        str,
        _key(
            "A file that declares tags too: one a line, with or without `@`, then a space and "
            "what it means; `#` begins a comment."
        ),
    ] = ""


class QuarantineTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which tags quarantine a scenario; see [tags.md](tags.md#quarantine)."""

    tags: Annotated[
        tuple[str, ...],
        _key("Scenarios with one of these tags are reported, and do not fail the run."),
    ] = ()
    until: Annotated[
        dict[str, datetime.date],
        _key("The last day of a tag's quarantine, for tags that do not say it themselves."),
    ] = {}
    issue: Annotated[
        dict[str, str], _key("The issue of a tag's quarantine, in place of a last day.")
    ] = {}


class InfrastructureTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which errors are of the machine and not of the product; see
    [tags.md](tags.md#errors-of-the-infrastructure)."""

    types: Annotated[
        tuple[str, ...], _key("Names of exception types, with or without their modules.")
    ] = ()
    messages: Annotated[
        tuple[str, ...], _key("Regular expressions, searched in messages without regard to case.")
    ] = ()
    shipped: Annotated[bool, _key("Whether the lists that surefoot ships hold as well.")] = True


class CheckTable(msgspec.Struct, frozen=True, kw_only=True):
    """Which rules of `surefoot check` count, and how; see [check.md](check.md)."""

    select: Annotated[
        tuple[str, ...],
        _key(
            "Only these rules: codes, names, or beginnings of codes (`SF2`). Those that are off or "
            "`info` by default become warnings."
        ),
    ] = ()
    ignore: Annotated[tuple[str, ...], _key("All rules but these, in the same words.")] = ()
    severity: Annotated[
        dict[str, str], _key("How a rule counts: `error`, `warning`, `info` or `off`.")
    ] = {}
    exclude: Annotated[
        tuple[str, ...],
        _key("Files in which nothing is reported; `*` stands for anything, slashes too."),
    ] = ()
    strict: Annotated[bool, _key("Whether warnings make the exit code 6 as errors do.")] = False


class TriageTable(msgspec.Struct, frozen=True, kw_only=True):
    """How `surefoot triage` judges; see [triage-judging.md](triage-judging.md)."""

    rules: Annotated[
        tuple[str, ...],
        _key(
            "Files with rules of the project's own, relative to the working directory; they are "
            "asked before the shipped ones, after those of `--rules`."
        ),
    ] = ()


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """All tables of a project."""

    tags: TagTable = TagTable()
    quarantine: QuarantineTable = QuarantineTable()
    infrastructure: InfrastructureTable = InfrastructureTable()
    check: CheckTable = CheckTable()
    triage: TriageTable = TriageTable()


TABLES: dict[str, type[msgspec.Struct]] = {
    field.name: field.type for field in msgspec.structs.fields(Tables)
}


def read_tables(filename: str, document: dict[str, Any]) -> Tables:
    """Return the tables in a file's settings; raise UserError for what they may not hold."""
    return Tables(
        **{
            name: _read(filename, name, kind, document[name])
            for name, kind in TABLES.items()
            if name in document
        }
    )


def _read(filename: str, name: str, kind: type[msgspec.Struct], raw: object) -> Any:
    if not isinstance(raw, dict):
        raise UserError(f"{filename}: {name} is a table; write [tool.surefoot.{name}]")
    known = kind.__struct_fields__
    for key in raw:
        if key not in known:
            raise UserError(
                f"{filename}: [{name}] has no key {key}{did_you_mean(key, known)}; known:"
                f" {', '.join(known)}"
            )
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at ")
        key = re.sub(r"^`?\$\.?|`$", "", where) or name
        raise UserError(
            f"{filename}: [{name}] {key}: {what[:1].lower()}{what[1:]}; mend it"
        ) from None
