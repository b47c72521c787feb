"""Real suites: what the table says, and what happens when one cannot be had. No network."""

import os
import tarfile
from pathlib import Path

import msgspec
import pytest
from bench.sources import BenchError
from tests.parity import sources
from tests.parity.sources import RealSuite, SourceError, cache_dir, missing, prepare, real_suites


def _suite(**changes: object) -> RealSuite:
    plain = RealSuite(name="thing", archive="thing==1.0", args=("features",))
    return msgspec.structs.replace(plain, **changes)


def _put_archive(cache: Path, member: str = "thing-1.0/features/a.feature") -> None:
    (cache / "sources").mkdir(parents=True)
    content = cache / "content"
    content.write_text("Feature: a\n")
    with tarfile.open(cache / "sources" / "thing-1.0.tar.gz", "w:gz") as tar:
        tar.add(content, member)
    content.unlink()


@pytest.mark.parametrize("suite", real_suites(), ids=lambda suite: suite.name)
def test_the_table_is_pinned_and_installable(suite: RealSuite) -> None:
    name, pin, version = suite.archive.partition("==")
    assert name
    assert pin
    assert version
    assert suite.args
    assert missing(suite) == []


def test_names_are_unique() -> None:
    names = [suite.name for suite in real_suites()]
    assert len(set(names)) == len(names)


def test_an_archive_is_unpacked_once(tmp_path: Path) -> None:
    _put_archive(tmp_path)
    suite = _suite(env={"A": "b"}, limit=5.0)
    project = prepare(suite, str(tmp_path))
    assert (Path(project.path) / "features" / "a.feature").read_text() == "Feature: a\n"
    assert (project.args, project.env, project.limit) == (("features",), {"A": "b"}, 5.0)
    (Path(project.path) / "kept").touch()
    assert prepare(suite, str(tmp_path)) == project
    assert sorted(os.listdir(project.path)) == ["features", "kept"]
    assert os.listdir(tmp_path / "parity") == ["thing-1.0"]


def test_an_archive_that_would_write_elsewhere_is_refused(tmp_path: Path) -> None:
    _put_archive(tmp_path, "../../outside.feature")
    with pytest.raises(SourceError, match=r"could not be unpacked: .*; remove it"):
        prepare(_suite(), str(tmp_path))
    assert os.listdir(tmp_path / "parity") == []
    assert list(tmp_path.rglob("outside.feature")) == []


def test_a_damaged_archive_leaves_no_tree(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "thing-1.0.tar.gz").write_bytes(b"no archive")
    with pytest.raises(SourceError, match="could not be unpacked"):
        prepare(_suite(), str(tmp_path))
    assert os.listdir(tmp_path / "parity") == []


def test_without_archive_and_index_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(requirement: str, cache: str) -> str:
        raise BenchError(f"could not fetch {requirement} into {os.path.basename(cache)}")

    monkeypatch.setattr(sources, "fetch", unreachable)
    with pytest.raises(SourceError) as caught:
        prepare(_suite(), str(tmp_path))
    message = str(caught.value)
    assert "thing==1.0" in message
    assert "SUREFOOT_CACHE" in message
    assert "could not fetch" in message


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    suite = _suite(requires=("behave", "no-such-package-at-all"))
    assert missing(suite) == ["no-such-package-at-all"]
    with pytest.raises(SourceError, match=r"not installed: no-such-package-at-all; install"):
        prepare(suite, str(tmp_path))


def test_the_cache_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUREFOOT_CACHE", "elsewhere")
    assert cache_dir() == "elsewhere"
    monkeypatch.delenv("SUREFOOT_CACHE")
    assert os.path.basename(cache_dir()) == ".cache"
