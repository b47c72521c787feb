"""Files, folders and archives as logs: whatever they hold is survived and said."""

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import UserError
from surefoot.triage.model import Conclusion, Log, LogKind
from surefoot.triage.opening import opened
from surefoot.triage.sources.archives import Archive, safe_name
from surefoot.triage.sources.cache import Cache, Entry, default_directory
from surefoot.triage.sources.files import Found, describe, job_of, kind_of, read_paths

JUNIT = b'<?xml version="1.0"?>\n<testsuites><testsuite name="a" tests="1"/></testsuites>\n'
JOURNAL = b'{"type":"run_started","run":"r","time":1.0,"schema":1}\n'


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """An empty cache."""
    return Cache(str(tmp_path / "cache"))


def read(cache: Cache, *paths: object, stdin: bytes = b"") -> Found:
    """Read paths."""
    return read_paths([str(path) for path in paths], cache, io.BytesIO(stdin))


def text(log: Log) -> bytes:
    """Return what a log holds."""
    with opened(log) as stream:
        return stream.read()


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_folder_gives_every_kind_of_log(tmp_path: Path, cache: Cache) -> None:
    folder = tmp_path / "logs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.log").write_bytes(b"one\n")
    (folder / "b.log.gz").write_bytes(gzip.compress(b"two\n"))
    (folder / "c.xml").write_bytes(JUNIT)
    (folder / "d.jsonl").write_bytes(JOURNAL)
    (folder / "e.jsonl.gz").write_bytes(gzip.compress(JOURNAL))
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "core.log").write_bytes(b"\x7fELF\0\0\0\x01")
    (folder / "wide.txt").write_bytes("three\n".encode("utf-16"))
    zipped(folder / "sub" / "f.zip", {"0_unit tests.txt": b"four\n", "unit tests/1_x.txt": b"x\n"})
    found = read(cache, folder)
    assert [(log.name, log.kind, log.job) for log in found.logs] == [
        ("a.log", LogKind.TEXT, "a"),
        ("b.log.gz", LogKind.TEXT, "b"),
        ("c.xml", LogKind.JUNIT, "c"),
        ("d.jsonl", LogKind.JOURNAL, "d"),
        ("e.jsonl.gz", LogKind.JOURNAL, "e"),
        ("wide.txt", LogKind.TEXT, "wide"),
        ("sub/f.zip/0_unit tests.txt", LogKind.TEXT, "unit tests"),
    ]
    assert text(found.logs[1]) == b"two\n"
    assert text(found.logs[-1]) == b"four\n"
    assert found.notes == ["2 files that are no logs were passed over"]


def test_standard_input_may_be_text_gzip_or_an_archive(tmp_path: Path, cache: Cache) -> None:
    (log,) = read(cache, "-", stdin=b"hello\n").logs
    assert (log.name, text(log)) == ("standard input", b"hello\n")
    (log,) = read(cache, "-", stdin=JUNIT).logs
    assert log.kind is LogKind.JUNIT
    data = zipped(tmp_path / "x.zip", {"0_unit.txt": b"four\n"}).read_bytes()
    (log,) = read(cache, "-", stdin=data).logs
    assert (log.name, log.job, text(log)) == ("standard input/0_unit.txt", "unit", b"four\n")
    assert read(cache, "-").notes == ["standard input is empty"]


def test_a_path_that_is_not_there_is_a_sentence(cache: Cache) -> None:
    with pytest.raises(UserError, match="neither a file nor a folder"):
        read(cache, "no/such/place")


def test_what_is_known_of_logs_may_stand_beside_them(tmp_path: Path, cache: Cache) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "u.log").write_bytes(b"x\n")
    log = Log(
        name="u.log",
        path=str(tmp_path / "logs" / "u.log"),
        run="5001",
        number=7,
        job="unit",
        commit="abc",
        conclusion=Conclusion.FAILURE,
        started=10.0,
        ended=20.0,
    )
    (tmp_path / "logs" / "surefoot-logs.json").write_bytes(describe([log]))
    (found,) = read(cache, tmp_path / "logs").logs
    assert (found.run, found.number, found.job, found.commit) == ("5001", 7, "unit", "abc")
    assert (found.conclusion, found.duration) == (Conclusion.FAILURE, 10.0)
    (tmp_path / "logs" / "surefoot-logs.json").write_text(json.dumps({"u.log": {"jop": 1}}))
    wrong = read(cache, tmp_path / "logs")
    assert "cannot be used" in wrong.notes[0]
    assert len(wrong.logs) == 1


@pytest.mark.parametrize(
    "name", ["../../etc/x.log", "/etc/x.log", "C:\\x.log", "a/../../x.log", "..\\..\\x.log"]
)
def test_members_that_climb_are_left_out(name: str, tmp_path: Path, cache: Cache) -> None:
    path = zipped(tmp_path / "x.zip", {name: b"evil\n", "ok.log": b"good\n"})
    found = read(cache, path)
    assert [log.name for log in found.logs] == [f"{path}/ok.log"]
    assert "climbs out of the archive" in found.notes[0]


def test_a_link_in_an_archive_is_left_out(tmp_path: Path, cache: Cache) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("link.log")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    found = read(cache, tmp_path / "x.zip")
    assert found.logs == []
    assert "is a link" in found.notes[0]


def test_a_zip_bomb_is_cut(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("big.log", "w", force_zip64=True) as member,
    ):
        for _ in range(200):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with path.open("rb") as file:
        opened_archive = Archive(file, "bomb.zip")
        sizes = [
            sum(len(block) for block in member.blocks(1 << 30))
            for member in opened_archive.members()
        ]
    assert sizes[0] < 170 << 20
    assert "zip bomb" in opened_archive.notes[0]


def test_damage_keeps_what_came_before_it(tmp_path: Path, cache: Cache) -> None:
    lines = b"".join(b"line %d of a log that is long enough\n" % number for number in range(9000))
    path = zipped(tmp_path / "x.zip", {"a.log": lines, "b.log": b"whole\n"})
    data = bytearray(path.read_bytes())
    data[20_000:20_040] = bytes(40)
    path.write_bytes(data)
    found = read(cache, path)
    names = {log.job: log for log in found.logs}
    assert text(names["b"]) == b"whole\n"
    assert any("is damaged after" in note for note in found.notes)


def test_half_an_archive_is_said(tmp_path: Path, cache: Cache) -> None:
    path = zipped(tmp_path / "x.zip", {"a.log": b"x" * 5000})
    path.write_bytes(path.read_bytes()[:60])
    found = read(cache, path)
    assert found.logs == []
    assert "no zip archive that can be read" in found.notes[0]


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_or_none(data: bytes) -> None:
    for head in (data, b"PK\x03\x04" + data, b"\x1f\x8b" + data, b"<" + data):
        assert kind_of(head) in {None, *LogKind}


@given(st.text(max_size=80))
def test_safe_names_stay_inside(name: str) -> None:
    safe = safe_name(name)
    if safe is not None:
        inside = os.path.normpath(os.path.join("/base", safe))
        assert inside.startswith("/base/")


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("3_unit tests.txt", "unit tests"),
        ("ci-logs-unit/nox-unit-output.log", "unit"),
        ("ci-logs-lint.log.gz", "lint"),
        ("run/unit_tests.log", "unit_tests"),
        ("plain", "plain"),
    ],
)
def test_names_tell_the_job(name: str, job: str) -> None:
    assert job_of(name) == job


# -- the cache


def test_the_same_bytes_are_kept_once(cache: Cache) -> None:
    digests = []
    for _ in range(2):
        writer = cache.writer()
        for block in (b"one ", b"two\n"):
            writer.write(block)
        digests.append(writer.keep())
    assert digests[0] == digests[1]
    blobs = list(Path(cache.directory, "blobs").iterdir())
    assert [path.name for path in blobs] == [f"{digests[0]}.gz"]
    assert gzip.decompress(blobs[0].read_bytes()) == b"one two\n"


def test_an_entry_whose_bytes_are_gone_is_no_entry(cache: Cache) -> None:
    writer = cache.writer()
    writer.write(b"x")
    digest = writer.keep()
    cache.put("key", Entry(digest, "by hand"))
    assert cache.entry("key") == Entry(digest, "by hand")
    Path(cache.path(digest)).unlink()
    assert cache.entry("key") is None
    assert (cache.hits, cache.misses) == (1, 1)


def test_a_writer_that_is_dropped_leaves_nothing(cache: Cache) -> None:
    writer = cache.writer()
    writer.write(b"x")
    writer.drop()
    assert list(Path(cache.directory, "blobs").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    cache = Cache(str(tmp_path / "file" / "below"))
    assert "fetches everything anew" in cache.note
    cache.put("key", Entry(note="kept"))
    assert cache.get("key", Entry) == Entry(note="kept")
    directory = cache.directory
    cache.close()
    assert not os.path.exists(directory)


def test_the_cache_is_in_the_project_or_in_the_home(tmp_path: Path) -> None:
    environ = {"HOME": "/srv/someone"}
    assert default_directory(str(tmp_path), environ) == "/srv/someone/.cache/surefoot/triage"
    assert default_directory(str(tmp_path), {"XDG_CACHE_HOME": "/x"}) == "/x/surefoot/triage"
    (tmp_path / ".surefoot").mkdir()
    assert default_directory(str(tmp_path), environ) == str(tmp_path / ".surefoot" / "triage")
