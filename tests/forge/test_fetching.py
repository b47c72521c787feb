"""Logs out of every generation, by the best way it has, and with whatever goes wrong."""

import gzip
import os
import sys
from pathlib import Path

import pytest
from tests.forge.server import TOKEN, Forge, serving
from tests.forge.world import (
    GREEN_LOG,
    NAME,
    OWNER,
    RED_LOG,
    START,
    World,
    WorldJob,
    usual,
    zipped,
)

from surefoot.errors import UserError
from surefoot.triage.forges.choose import choose
from surefoot.triage.forges.http import NotOfferedError, RefusedError, UnreachableError
from surefoot.triage.model import Conclusion, Log, LogKind
from surefoot.triage.pipeline import analyse
from surefoot.triage.sources import forge as sources_forge
from surefoot.triage.sources.cache import Cache
from surefoot.triage.sources.forge import Fetch, Fetched

ENVIRON = {"SUREFOOT_FORGE_TOKEN": TOKEN}


class Clock:
    """Takes what would have been slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def fetch(
    forge: Forge,
    folder: Path,
    since: float | None = None,
    limit: int = 100,
    environ: dict[str, str] = ENVIRON,
    sleep: Clock | None = None,
) -> Fetched:
    """Fetch with our own client."""
    client = choose(
        forge.profile.kind,
        forge.url,
        f"{OWNER}/{NAME}",
        environ,
        sleep=sleep or Clock(),
        timeout=10,
    )
    cache = Cache(str(folder))
    try:
        return Fetch(client, cache, lambda _: None).fetch(since, limit)
    finally:
        client.http.close()
        cache.close()


def text(log: Log) -> bytes:
    """Return what a fetched log holds."""
    with gzip.open(log.path) as file:
        return file.read()


def unit(fetched: Fetched, number: int) -> Log:
    """Return the log of the last attempt of `unit_tests` in a run."""
    found = [log for log in fetched.logs if log.number == number and log.job == "unit_tests"]
    return found[-1]


WAYS = [
    ("forgejo-7", "web log cursor"),
    ("forgejo-11", "web log cursor"),
    ("forgejo-15", "web log cursor"),
    ("forgejo-next", "job log API"),
    ("gitea-1.23", "web log cursor"),
    ("gitea-1.24", "job log API"),
    ("gitea-1.27", "job log API"),
    ("github", "job log API"),
    ("gitlab", "job trace API"),
]


@pytest.mark.parametrize(("profile", "way"), WAYS)
def test_every_generation_gives_its_logs(profile: str, way: str, tmp_path: Path) -> None:
    with serving(usual(), profile) as forge:
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {way: 8}
    assert len(fetched.runs) == 4
    red = unit(fetched, 2)
    assert red.conclusion is Conclusion.FAILURE
    assert red.kind is LogKind.TEXT
    assert red.source == way
    assert (red.commit, red.event) == (f"{2:040x}", "push")
    assert red.started == START + 7200
    assert red.ended == START + 7200 + 61
    assert b"ASSERT FAILED: expected 3 subplans, got 2" in text(red)
    assert b"Failing scenarios:" in text(red)
    if way != "web log cursor":
        assert text(red) == RED_LOG
        # Gitea 1.24 lists tasks only, which know the number of their run and not its id.
        assert red.run == ("#2" if profile == "gitea-1.24" else "5002")
    else:
        # Line by line, behind the page's own stamps.
        said = [line.partition(b"Z ")[2] for line in RED_LOG.splitlines()]
        lines = text(red).splitlines()
        assert [line.partition(b"Z ")[2] for line in lines if line.startswith(b"2026-")] == said
    assert len({log.name for log in fetched.logs}) == 8


@pytest.mark.parametrize("profile", [name for name, _ in WAYS])
def test_a_passing_log_is_looked_for_before_the_window(profile: str, tmp_path: Path) -> None:
    world = usual(6)
    # The one green run of the job that is near enough is of another branch.
    world.runs[4].branch = "topic"
    with serving(world, profile) as forge:
        fetched = fetch(forge, tmp_path, since=START + 6 * 3600)
        assert {log.number for log in fetched.logs} == {6}
        [older] = fetched.beyond
        assert older.job == "unit_tests"
        # Run 3 is of the branch that is red; where branches are not listed, 5 is the latest.
        assert older.number in {3, 5}
        assert older.conclusion is Conclusion.SUCCESS
        assert any("an older one is compared" in note for note in fetched.notes)
        analysis = analyse(fetched.logs, beyond=fetched.beyond)
        red = next(one for one in analysis.logs if one.log.job == "unit_tests")
        assert red.parsed.evidence.baseline == older.name
        # It is compared with, and counted nowhere.
        assert max(rate.n for rate in analysis.rates) == 1
        # With the whole history as the window nothing is missing.
        assert not fetch(forge, tmp_path).beyond


def test_only_some_runs_before_the_window_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources_forge, "BEYOND", 3)
    world = usual(8)
    for run in world.runs[1:]:
        run.conclusion = run.jobs[1].conclusion = "failure"
    with serving(world, "forgejo-next") as forge:
        fetched = fetch(forge, tmp_path, since=START + 8 * 3600)
        assert fetched.beyond == []
        asked = [path for path in forge.paths() if path.partition("?")[0].endswith("/jobs")]
    assert len(set(asked)) == 4


@pytest.mark.parametrize("profile", [name for name, _ in WAYS])
def test_a_second_run_fetches_only_what_is_new(profile: str, tmp_path: Path) -> None:
    world = usual(2)
    with serving(world, profile) as forge:
        first = fetch(forge, tmp_path)
        forge.requests.clear()
        second = fetch(forge, tmp_path)
        again = [
            path for path in forge.paths() if "logs" in path or "trace" in path or "POST" in path
        ]
        assert again == []
        world.runs += [run for run in usual(3).runs if run.number == 3]
        third = fetch(forge, tmp_path)
    assert second.logs == first.logs
    assert len(third.logs) == 6


@pytest.mark.parametrize("profile", ["forgejo-7", "forgejo-11", "forgejo-15", "gitea-1.24"])
def test_where_pages_are_shut_artefacts_hold_the_logs(profile: str, tmp_path: Path) -> None:
    with serving(usual(), profile, web="session") as forge:
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {"artefact ci-logs-*": 4, "commit status": 4}
    assert text(unit(fetched, 2)) == RED_LOG
    assert text(unit(fetched, 1)) == GREEN_LOG
    lint = next(log for log in fetched.logs if log.job == "lint")
    assert lint.kind is LogKind.STATUS
    assert lint.path == ""
    assert "session of a browser" in lint.note
    assert any("does not lead to logs" in note for note in fetched.notes)


@pytest.mark.parametrize("profile", ["forgejo-7", "forgejo-11", "forgejo-15", "gitea-1.23"])
def test_statuses_alone_still_give_verdicts_and_durations(profile: str, tmp_path: Path) -> None:
    world = usual()
    for run in world.runs:
        run.artefacts.clear()
    with serving(world, profile, web="session", offers=frozenset()) as forge:
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {"commit status": 8}
    assert any("neither runs nor tasks" in note for note in fetched.notes)
    red = unit(fetched, 4)
    assert (red.conclusion, red.duration) == (Conclusion.FAILURE, 61.0)
    assert (red.workflow, red.event, red.run) == ("CI", "push", "#4")


def test_without_a_description_of_the_api_each_path_is_tried(tmp_path: Path) -> None:
    with serving(usual(), "gitea-1.27", swagger=False) as forge:
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {"job log API": 8}
    with serving(usual(), "forgejo-11", swagger=False) as forge:
        fetched = fetch(forge, tmp_path / "b")
    assert fetched.steps == {"web log cursor": 8}
    assert any("does not describe its API" in note for note in fetched.notes)


@pytest.mark.parametrize("profile", ["github", "forgejo-15", "gitea-1.27", "gitlab"])
def test_filters_that_the_server_ignores_are_applied_here(profile: str, tmp_path: Path) -> None:
    with serving(usual(), profile) as forge:
        forge.faults.ignore_filters = True
        fetched = fetch(forge, tmp_path, since=START + 2.5 * 3600)
    assert [run.number for run in fetched.runs] == [4, 3]


@pytest.mark.parametrize("profile", [name for name, _ in WAYS])
def test_lists_are_read_to_their_end(profile: str, tmp_path: Path) -> None:
    with serving(usual(7), profile) as forge:
        forge.faults.page_cap = 3
        fetched = fetch(forge, tmp_path)
        assert len(fetched.logs) == 14
        forge.faults.ignore_paging = True
        forge.faults.no_count = True
        again = fetch(forge, tmp_path / "b")
    # A server that gives its first page for ever is noticed; nothing loops.
    assert 0 < len(again.runs) <= 7


@pytest.mark.parametrize("profile", ["forgejo-15", "gitea-1.27", "github", "gitlab"])
def test_a_list_that_loses_items_is_said(profile: str, tmp_path: Path) -> None:
    with serving(usual(6), profile) as forge:
        forge.faults.lose = 1
        fetched = fetch(forge, tmp_path)
    assert any(" of " in note and "items" in note for note in fetched.notes)


@pytest.mark.parametrize("profile", ["gitea-1.27", "github", "gitlab", "forgejo-11"])
def test_attempts_are_told_apart(profile: str, tmp_path: Path) -> None:
    world = usual(2)
    run = world.runs[1]
    again = WorldJob(9999, "unit_tests", "success", GREEN_LOG, 2, START + 9000, START + 9060)
    run.jobs.append(again)
    run.attempt = 2
    with serving(world, profile) as forge:
        fetched = fetch(forge, tmp_path)
    attempts = [log for log in fetched.logs if log.number == 2 and log.job == "unit_tests"]
    assert [(log.attempt, log.conclusion.value) for log in attempts] == [
        (1, "failure"),
        (2, "success"),
    ]
    assert b"ASSERT FAILED" in text(attempts[0])
    assert b"ASSERT FAILED" not in text(attempts[1])


def test_a_limit_of_requests_is_waited_for(tmp_path: Path) -> None:
    sleep = Clock()
    with serving(usual(2), "github") as forge:
        forge.faults.busy = [
            (429, {"Retry-After": "7"}),
            (403, {"X-RateLimit-Remaining": "0", "Retry-After": "3"}),
            (503, {}),
        ]
        fetched = fetch(forge, tmp_path, sleep=sleep)
    assert len(fetched.logs) == 4
    assert sleep.slept[:2] == [7.0, 3.0]


def test_a_wait_of_an_hour_is_an_error_that_says_so(tmp_path: Path) -> None:
    with serving(usual(2), "github") as forge:
        forge.faults.busy = [(429, {"Retry-After": "3600"})]
        with pytest.raises(UnreachableError, match="asks to wait 3,600 s"):
            fetch(forge, tmp_path)


def test_a_redirect_to_another_host_gets_no_credentials(tmp_path: Path) -> None:
    world = usual(2)
    with serving(world, "github") as forge, serving(world, "github") as other:
        forge.faults.log_redirect = other.url
        fetched = fetch(forge, tmp_path)
        assert text(unit(fetched, 2)) == RED_LOG
        assert len(other.requests) == 4
        assert all("authorization" not in headers for _, _, headers in other.requests)
        assert all("authorization" in headers for _, _, headers in forge.requests)


def test_credentials_are_in_no_file_of_the_cache(tmp_path: Path) -> None:
    for profile in ("forgejo-15", "github", "gitlab"):
        with serving(usual(2), profile) as forge:
            fetch(forge, tmp_path)
    for directory, _, names in os.walk(tmp_path):
        for name in names:
            data = Path(directory, name).read_bytes()
            assert TOKEN.encode() not in (gzip.decompress(data) if name.endswith(".gz") else data)


def test_a_transfer_that_breaks_off_is_kept_and_said(tmp_path: Path) -> None:
    with serving(usual(2), "github") as forge:
        forge.faults.short_logs = 400
        fetched = fetch(forge, tmp_path)
    red = unit(fetched, 2)
    assert text(red) == RED_LOG[:400]
    assert red.size == len(RED_LOG)
    assert "broke off after 400" in red.note


def test_github_falls_back_to_the_archive_and_then_to_artefacts(tmp_path: Path) -> None:
    world = usual(2)
    with serving(world, "github") as forge:
        forge.faults.refuse = frozenset(str(job.id) for run in world.runs for job in run.jobs)
        fetched = fetch(forge, tmp_path)
        assert fetched.steps == {"archive of the run": 4}
        assert text(unit(fetched, 2)) == RED_LOG
        forge.faults.refuse |= {"logs"}
        fetched = fetch(forge, tmp_path / "b")
    assert fetched.steps == {"artefact ci-logs-*": 2, "commit status": 2}


def test_a_damaged_archive_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    world = usual(2)
    with serving(world, "github") as forge:
        forge.faults.refuse = frozenset(str(job.id) for run in world.runs for job in run.jobs)
        forge.faults.broken_archives = True
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {"commit status": 4}
    assert any("no zip archive that can be read" in note for note in fetched.notes)


def test_a_job_name_that_archives_spell_otherwise(tmp_path: Path) -> None:
    world = usual(2)
    for run in world.runs:
        for job in run.jobs:
            job.name = f"{job.name} / py3.12 (ubuntu)".replace("/", "-")
    with serving(world, "github") as forge:
        forge.faults.refuse = frozenset(str(job.id) for run in world.runs for job in run.jobs)
        fetched = fetch(forge, tmp_path)
    assert fetched.steps == {"archive of the run": 4}


@pytest.mark.parametrize("profile", ["forgejo-15", "github", "gitlab"])
def test_who_may_not_read_is_told_so(profile: str, tmp_path: Path) -> None:
    with serving(usual(2), profile) as forge:
        forge.faults.forbid = frozenset({NAME, f"{OWNER}%2F{NAME}"})
        with pytest.raises(RefusedError, match="403"):
            fetch(forge, tmp_path)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with serving(usual(2), "forgejo-15") as forge:
        pass
    with pytest.raises(UnreachableError, match="cannot be reached"):
        fetch(forge, tmp_path)


def test_a_server_of_another_kind_is_said() -> None:
    with serving(World(), "gitlab") as forge:
        client = choose("github", forge.url, "a/b", {})
        with pytest.raises(NotOfferedError, match="404"):
            client.probe()
        client.http.close()


@pytest.mark.parametrize(
    ("kind", "url", "repo", "said"),
    [
        ("bitbucket", "https://x.org", "a/b", "known: forgejo, gitea, github, gitlab"),
        ("forgejo", "", "a/b", "--url must be the address"),
        ("forgejo", "file:///etc", "a/b", "--url must be the address"),
        ("forgejo", "https://me:pw@x.org", "a/b", "may hold no credentials"),
        ("forgejo", "https://x.org", "app", "must be owner/name"),
        ("forgejo", "https://x.org", "../..", "must be owner/name"),
    ],
)
def test_wrong_options_are_sentences(kind: str, url: str, repo: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        choose(kind, url, repo, {})


def test_tokens_go_to_their_own_server_only() -> None:
    from surefoot.triage.forges.choose import token_of

    runner = {"GITHUB_TOKEN": "abc", "GITHUB_SERVER_URL": "https://git.example.org"}
    assert token_of("forgejo", "https://git.example.org", runner) == "abc"
    assert token_of("forgejo", "https://evil.example", runner) == ""
    assert token_of("github", "https://github.com", runner) == ""
    assert token_of("github", "https://github.com", {"GITHUB_TOKEN": "abc"}) == "abc"
    assert token_of("gitlab", "https://x.org", {"SUREFOOT_FORGE_TOKEN": "z"}) == "z"


def test_an_artefact_whose_members_climb_is_survived(tmp_path: Path) -> None:
    world = usual(2)
    for run in world.runs:
        run.artefacts["ci-logs-unit_tests"] = zipped(
            {"../../evil.log": b"x", "ok/nox.log": RED_LOG}
        )
    with serving(world, "forgejo-15", web="session") as forge:
        fetched = fetch(forge, tmp_path)
    red = unit(fetched, 2)
    assert text(red) == RED_LOG
    assert "climbs out of the archive" in red.note
    assert not list(tmp_path.parent.glob("evil.log"))


def test_without_httpx_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(UserError, match=r'pip install "surefoot\[triage\]"') as caught:
        choose("forgejo", "https://git.example.org", "a/b", {})
    assert caught.value.exit_code == 2
