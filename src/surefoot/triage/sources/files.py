"""Files and folders as logs: plain text, gzip, zip archives, JUnit XML, journals, standard input.

What a file is, its first bytes tell, not its name. Archives are read into the cache; everything
else stays where it is. A folder gives its files in order of their names; what is no log (images,
sources, compressed archives of other kinds) is passed over and counted.
"""

import gzip
import json
import os
import re
import zlib
from collections.abc import Sequence
from typing import BinaryIO

import msgspec

from surefoot.errors import UserError
from surefoot.triage.model import Conclusion, Log, LogKind
from surefoot.triage.sources.archives import MAX_TOTAL, Archive, is_zip
from surefoot.triage.sources.cache import Cache

_HEAD = 4096
_GITHUB_MEMBER = re.compile(r"(?:.*/)?\d+_(.+)\.txt")
_SKIPPED_FOLDERS = frozenset({".git", ".hg", "node_modules", "__pycache__", ".venv"})
_TEXT = frozenset({"", ".log", ".txt", ".out", ".err", ".xml", ".jsonl", ".gz", ".zip", ".raw"})
_META = "surefoot-logs.json"
"""A file beside logs that says what is known of them; see docs/triage.md."""


class Found(msgspec.Struct):
    """Logs of files, and what could not be had."""

    logs: list[Log] = []
    notes: list[str] = []
    passed_over: int = 0


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `surefoot-logs.json` may say of one file; times are epoch seconds."""

    run: str = ""
    number: int = 0
    attempt: int = 1
    job: str = ""
    workflow: str = ""
    event: str = ""
    branch: str = ""
    commit: str = ""
    conclusion: Conclusion = Conclusion.UNKNOWN
    started: float | None = None
    ended: float | None = None
    size: int | None = None
    needs: tuple[str, ...] = ()
    url: str = ""


def read_paths(paths: Sequence[str], cache: Cache, stdin: BinaryIO) -> Found:
    """Return the logs of files and folders; `-` is standard input.

    Raises UserError for a path that is not there.
    """
    found = Found()
    for path in paths:
        if path == "-":
            _standard_input(stdin, cache, found)
        elif os.path.isdir(path):
            _folder(path, cache, found)
        elif os.path.isfile(path):
            _file(path, path, cache, found, {}, named=True)
        else:
            raise UserError(
                f"{path} is neither a file nor a folder; name logs, folders of logs, or - for"
                " standard input"
            )
    _make_unique(found)
    if found.passed_over:
        found.notes.append(f"{found.passed_over} files that are no logs were passed over")
    return found


def _folder(folder: str, cache: Cache, found: Found) -> None:
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        described = _described(directory, found)
        for name in sorted(names):
            path = os.path.join(directory, name)
            if name == _META:
                continue
            if os.path.splitext(name)[1].lower() not in _TEXT and name not in described:
                found.passed_over += 1
            elif os.path.isfile(path):
                shown = os.path.relpath(path, folder).replace(os.sep, "/")
                _file(path, shown, cache, found, described, named=False)


def _described(directory: str, found: Found) -> dict[str, Described]:
    path = os.path.join(directory, _META)
    if not os.path.isfile(path):
        return {}
    try:
        with open(path, "rb") as file:
            return msgspec.json.decode(file.read(), type=dict[str, Described])
    except (OSError, msgspec.DecodeError) as error:
        found.notes.append(f"{path} cannot be used ({error})")
        return {}


def _file(
    path: str,
    name: str,
    cache: Cache,
    found: Found,
    described: dict[str, Described],
    *,
    named: bool,
) -> None:
    try:
        head, packed = _head(path)
    except OSError as error:
        found.notes.append(f"{name} cannot be read ({error.strerror or error})")
        return
    if is_zip(head) and not packed:
        with open(path, "rb") as file:
            _archive(file, name, cache, found)
        return
    kind = kind_of(head)
    if kind is None:
        if named:
            found.notes.append(f"{name} is no text, XML or archive; left out")
        found.passed_over += not named
        return
    known = described.get(os.path.basename(path), Described())
    size = os.path.getsize(path)
    if size == 0:
        found.notes.append(f"{name} is empty")
    log = Log(
        name=name,
        path=os.path.abspath(path),
        kind=kind,
        source="file",
        job=known.job or job_of(name),
        **{field: getattr(known, field) for field in Described.__struct_fields__ if field != "job"},
    )
    found.logs.append(log)


def _archive(file: BinaryIO, name: str, cache: Cache, found: Found) -> None:
    archive = Archive(file, name)
    left = MAX_TOTAL
    for member in archive.members():
        if os.path.splitext(member.name)[1].lower() not in _TEXT:
            found.passed_over += 1
            continue
        # Step by step logs repeat what the job's own file at the top holds.
        writer = cache.writer()
        head = b""
        for block in member.blocks(left):
            head = head or block[:_HEAD]
            writer.write(block)
        left -= writer.size
        kind = kind_of(_unpacked(head))
        if kind is None or not writer.size:
            writer.drop()
            found.passed_over += kind is None
            continue
        digest = writer.keep()
        found.logs.append(
            Log(
                name=f"{name}/{member.name}",
                path=cache.path(digest),
                kind=kind,
                source="archive",
                job=job_of(member.name),
                size=member.size or None,
                note=member.note,
            )
        )
        if left <= 0:
            found.notes.append(f"{name}: reading stopped after {MAX_TOTAL:,} unpacked bytes")
            break
    found.notes += archive.notes
    _without_steps(name, found)


def _without_steps(name: str, found: Found) -> None:
    """Of an archive of GitHub keep the whole jobs, where they are there."""
    within = [log for log in found.logs if log.name.startswith(f"{name}/")]
    whole = {log.job for log in within if "/" not in log.name.removeprefix(f"{name}/")}
    steps = [
        log
        for log in within
        if _GITHUB_MEMBER.fullmatch(log.name) and _folder_of(log, name) in whole
    ]
    if steps:
        found.logs = [log for log in found.logs if log not in steps]


def _folder_of(log: Log, name: str) -> str:
    return log.name.removeprefix(f"{name}/").rpartition("/")[0]


def _standard_input(stdin: BinaryIO, cache: Cache, found: Found) -> None:
    writer = cache.writer()
    head = b""
    for block in iter(lambda: stdin.read(1 << 16), b""):
        head = head or block[:_HEAD]
        if not writer.write(block):
            found.notes.append(f"standard input was cut after {writer.size:,} bytes")
            break
    if not writer.size:
        writer.drop()
        found.notes.append("standard input is empty")
        return
    path = cache.path(writer.keep())
    if is_zip(head):
        with gzip.open(path) as packed:
            # A zip archive is read from its end, so it needs a file that can be searched.
            _archive(packed, "standard input", cache, found)  # type: ignore[arg-type]
        return
    kind = kind_of(_unpacked(head)) or LogKind.TEXT
    found.logs.append(Log(name="standard input", path=path, kind=kind, source="standard input"))


def kind_of(head: bytes) -> LogKind | None:
    """Return what the first bytes of a file say that it is; None for what is no log."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        if re.search(rb"<testsuites?[\s>]", text):
            return LogKind.JUNIT
        if text.startswith(b"<?xml") or text[:9].lower() == b"<!doctype":
            return None
    if text.startswith(b'{"type":"') and b'"schema":' in text.partition(b"\n")[0]:
        return LogKind.JOURNAL
    if b"\0" in head and not _wide(head):
        return None
    return LogKind.TEXT


def _wide(head: bytes) -> bool:
    if head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return True
    sample = head[:512]
    zeros = max(sample[::2].count(0), sample[1::2].count(0))
    return zeros > 0.4 * len(sample) and min(sample[::2].count(0), sample[1::2].count(0)) == 0


def _head(path: str) -> tuple[bytes, bool]:
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if head[:2] != b"\x1f\x8b":
        return head, False
    try:
        with gzip.open(path) as packed:
            return packed.read(_HEAD), True
    except (OSError, EOFError, zlib.error):
        return _unpacked(head), True


def _unpacked(head: bytes) -> bytes:
    if head[:2] != b"\x1f\x8b":
        return head
    try:
        return zlib.decompressobj(31).decompress(head, _HEAD)
    except zlib.error:
        return b""


def job_of(name: str) -> str:
    """Return the job that a file's name names: `ci-logs-unit/nox-unit.log` is `unit`."""
    member = _GITHUB_MEMBER.fullmatch(name)
    if member is not None and "/" not in name:
        return member[1]
    folders, _, file = name.rpartition("/")
    folder = folders.rpartition("/")[2]
    if folder.startswith("ci-logs-"):
        return folder.removeprefix("ci-logs-")
    stem = file.removesuffix(".gz").rpartition(".")[0] or file
    return stem.removeprefix("ci-logs-")


def _make_unique(found: Found) -> None:
    counts: dict[str, int] = {}
    logs = []
    for log in found.logs:
        counts[log.name] = counts.get(log.name, 0) + 1
        number = counts[log.name]
        logs.append(
            log if number == 1 else msgspec.structs.replace(log, name=f"{log.name} ({number})")
        )
    found.logs = logs


def describe(logs: Sequence[Log]) -> bytes:
    """Return `surefoot-logs.json` for logs that lie in one folder, by their file names."""
    value = {
        os.path.basename(log.path): {
            field: getattr(log, field)
            for field in Described.__struct_fields__
            if getattr(log, field) not in {None, "", 0, ()}
        }
        for log in logs
        if log.path
    }
    return json.dumps(value, indent=2, default=str).encode()
