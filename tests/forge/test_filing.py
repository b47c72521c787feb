"""From a forge to exactly one issue: dry run, twins, regressions, races, refusals."""

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.forge.server import TOKEN, Forge, serving
from tests.forge.world import NAME, OWNER, START, World, WorldJob, usual

from surefoot.cli.triage import _parser
from surefoot.cli.triaging import Triage
from surefoot.errors import UserError
from surefoot.exitcodes import ExitCode
from surefoot.triage.filing.marker import read_marker, read_rules
from surefoot.triage.forges.http import UnreachableError

NOW = START + 20 * 86_400
KINDS = ["forgejo-11", "forgejo-15", "gitea-1.27", "github", "gitlab"]


def arguments(forge: Forge, cache: Path, *more: str) -> list[str]:
    """Return the arguments of `surefoot triage` for a server."""
    return [
        "--forge", forge.profile.kind, "--url", forge.url, "--repo", f"{OWNER}/{NAME}",
        "--since", "2026-04-01", "--cache", str(cache), *more,
    ]  # fmt: skip


def triage(forge: Forge, cache: Path, *more: str) -> int:
    """Run the command in this process."""
    options = _parser().parse_args(arguments(forge, cache, *more))
    environ = {"SUREFOOT_FORGE_TOKEN": TOKEN, "HOME": str(cache)}
    run = Triage(options, environ, say=lambda _: None, now=NOW, sleep=lambda _: None)
    return run.run()


def opened(world: World) -> list[int]:
    """Return the numbers of the open issues."""
    return [issue.number for issue in world.issues if issue.state == "open"]


@pytest.mark.parametrize("profile", KINDS)
def test_a_dry_run_shows_what_would_be_sent_and_writes_nothing(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    with serving(world, profile) as forge:
        assert triage(forge, tmp_path) == ExitCode.PASSED
        shown = capsys.readouterr().out
        assert world.writes == []
        assert triage(forge, tmp_path, "--file") == ExitCode.PASSED
    (issue,) = world.issues
    dry = shown[shown.index("Dry run") :]
    assert f"Title: {issue.title}" in dry
    # All but the random word of the filing is what was shown.
    marker = read_marker(issue.body)
    assert marker is not None
    lines = [line for line in issue.body.splitlines() if "surefoot:triage" not in line]
    assert all(line in dry for line in lines)
    assert "ASSERT FAILED: expected 3 subplans, got 2" in issue.body
    for title in ("Summary", "Evidence", "Findings", "Recommended actions", "Duplicate check"):
        assert f"## {title}" in issue.body
    assert TOKEN not in issue.body


@pytest.mark.parametrize("profile", KINDS)
def test_run_again_it_writes_nothing_and_with_news_it_updates(
    profile: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    with serving(world, profile) as forge:
        triage(forge, tmp_path, "--file")
        first = world.issues[0].body
        writes = len(world.writes)
        triage(forge, tmp_path, "--file")
        # Another machine, which has no cache, comes to the same.
        triage(forge, tmp_path / "other", "--file")
        assert len(world.writes) == writes
        assert "up to date" in capsys.readouterr().out
        world.issues[0].body = first.replace("## Rules", "A person wrote this.\n\n## Rules")
        world.issues[0].updated = world.tick()
        world.runs = usual(6).runs
        triage(forge, tmp_path, "--file")
    (issue,) = world.issues
    assert "| occurrences | 3 in 3 logs |" in issue.body
    assert "A person wrote this." in issue.body
    before, after = read_marker(first), read_marker(issue.body)
    assert before is not None
    assert after is not None
    assert before.fingerprint == after.fingerprint
    assert before.state != after.state


@pytest.mark.parametrize("profile", ["forgejo-15", "github", "gitlab"])
def test_what_comes_back_is_a_regression_of_the_closed_one(profile: str, tmp_path: Path) -> None:
    world = usual()
    with serving(world, profile) as forge:
        triage(forge, tmp_path, "--file")
        world.issues[0].state = "closed"
        world.issues[0].updated = world.tick()
        triage(forge, tmp_path, "--file")
    first, second = world.issues
    assert second.title.startswith("Back again: ")
    assert second.body.startswith(f"Regression of #{first.number}")
    assert opened(world) == [second.number]


def test_an_issue_that_says_ignore_is_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    with serving(world, "forgejo-15") as forge:
        triage(forge, tmp_path, "--file")
        issue = world.issues[0]
        assert read_rules(issue.body).rules
        issue.body = issue.body.replace("kind = scenario", "kind = scenario\n\nignore")
        issue.state = "closed"
        issue.updated = world.tick()
        writes = len(world.writes)
        triage(forge, tmp_path, "--file")
    assert len(world.writes) == writes
    assert "is to be ignored" in capsys.readouterr().out


def test_an_issue_that_is_near_holds_back_until_a_person_allows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    world.file("features/waits.feature is red with AssertionError", "", [], "person")
    with serving(world, "forgejo-15") as forge:
        triage(forge, tmp_path, "--file")
        assert world.writes == []
        assert "#1 is near" in capsys.readouterr().out
        triage(forge, tmp_path, "--file", "--allow-similar")
    assert opened(world) == [1, 2]


def test_an_issue_by_a_person_with_the_same_keys_is_its_twin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    world.file(
        "Waiting is broken", "features/waits.feature:3 gives AssertionError in CI", [], "person"
    )
    with serving(world, "github") as forge:
        triage(forge, tmp_path, "--file")
    assert world.writes == []
    assert "was written by a person" in capsys.readouterr().out


@pytest.mark.parametrize("profile", ["forgejo-15", "gitea-1.27", "github", "gitlab"])
def test_two_machines_at_once_leave_one_issue(profile: str, tmp_path: Path) -> None:
    world = usual()
    codes: list[int] = []
    with serving(world, profile) as forge:
        # Both have looked and found nothing before either creates.
        forge.faults.barrier = threading.Barrier(2)

        def work(name: str) -> None:
            codes.append(triage(forge, tmp_path / name, "--file", "--output", os.devnull))

        threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        forge.faults.barrier = None
        assert codes == [0, 0]
        assert [issue.number for issue in world.issues] == [1, 2]
        assert opened(world) == [1]
        assert "older" in world.issues[1].comments[0]
        # The one that closed itself is no reason for a regression once the other is closed.
        triage(forge, tmp_path / "a", "--file", "--output", os.devnull)
        assert len(world.issues) == 2
        world.issues[0].state = "closed"
        world.issues[0].updated = world.tick()
        triage(forge, tmp_path / "b", "--file", "--output", os.devnull)
    assert world.issues[2].body.startswith("Regression of #1,")


def test_two_processes_with_one_cache_leave_one_issue(tmp_path: Path) -> None:
    world = usual()
    with serving(world, "forgejo-15") as forge:
        command = [
            sys.executable, "-m", "surefoot", "triage",
            *arguments(forge, tmp_path / "cache", "--file", "--until", "2026-05-02"),
        ]  # fmt: skip
        environ = {**os.environ, "SUREFOOT_FORGE_TOKEN": TOKEN}
        started = [
            subprocess.Popen(
                command, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for _ in range(2)
        ]
        ended = [process.communicate(timeout=90) for process in started]
    assert [process.returncode for process in started] == [0, 0], ended
    assert opened(world) == [1]
    assert len([write for write in world.writes if write[:2] == ("POST", "issues")]) == 1


def test_more_new_causes_than_the_ceiling_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    run = world.runs[3]
    for number in range(12):
        name = "".join(chr(ord("a") + number) for _ in range(12))
        log = f"ModuleNotFoundError: No module named '{name}'\n".encode()
        text = b'Traceback (most recent call last):\n  File "/app/x.py", line 3, in <module>\n'
        text += b"    import " + name.encode() + b"\n" + log
        run.jobs.append(
            WorldJob(9500 + number, f"job{number}", "failure", text, 1, run.started, run.ended)
        )
    with serving(world, "forgejo-next") as forge:
        assert triage(forge, tmp_path, "--file", "--max-new", "5") == ExitCode.POLICY
    assert world.writes == []
    assert "more than the ceiling of 5" in capsys.readouterr().err


def test_a_list_of_issues_that_is_cut_stops_filing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = usual()
    for number in range(5):
        world.file(f"issue {number}", "", [])
    with serving(world, "gitea-1.27") as forge:
        triage(forge, tmp_path / "warm")
        forge.faults.lose = 1
        with pytest.raises(Exception, match="gave 4 of 5 items"):
            triage(forge, tmp_path, "--file")
    assert world.writes == []
    assert "nothing may be filed" in capsys.readouterr().out


def test_our_own_broken_surroundings_are_exit_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(World(), "forgejo-15") as forge:
        assert triage(forge, tmp_path, "--file") == ExitCode.ENVIRONMENT
        assert "no log could be had" in capsys.readouterr().err
        assert forge.world.writes == []
    with pytest.raises(UnreachableError) as caught:
        triage(forge, tmp_path, "--file")
    assert caught.value.exit_code is ExitCode.ENVIRONMENT


def test_secrets_and_markup_of_a_log_reach_no_issue(tmp_path: Path) -> None:
    world = usual()
    secret = "hunter2hunter2"
    for run in world.runs:
        for job in run.jobs:
            job.log = job.log.replace(
                b"ASSERT FAILED: expected 3",
                f"ASSERT FAILED: @everyone ``` <img src=x> closes #1 password={secret} {TOKEN} "
                "expected 3".encode(),
            )
    with serving(world, "github") as forge:
        triage(forge, tmp_path, "--file")
    (issue,) = world.issues
    assert secret not in issue.body + issue.title
    assert TOKEN not in issue.body + issue.title
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(issue.body)
    prose = [
        part.content
        for token in tokens
        for part in token.children or []
        if part.type in {"text", "html_inline"}
    ]
    assert not [text for text in prose if "@everyone" in text or "<img" in text or "#1" in text]
    blocks = {token.content.strip() for token in tokens if token.type == "html_block"}
    assert all(block.startswith("<!-- surefoot:") for block in blocks)


def test_json_says_everything_with_its_sample(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(usual(), "forgejo-11") as forge:
        triage(forge, tmp_path, "--format", "json")
    value = json.loads(capsys.readouterr().out)
    assert value["schema"] == 1
    assert value["sample"]["logs"] == 8
    assert value["sample"]["log_steps"] == {"web log cursor": 8}
    overall = next(rate for rate in value["rates"] if rate["what"] == "all")
    assert (overall["failures"], overall["n"], overall["share"]) == (2, 4, 0.5)
    (cluster,) = value["clusters"]
    assert cluster["fingerprint"] in cluster["recompute"]
    assert "--since 2026-04-01T00:00:00Z" in cluster["recompute"]
    assert "--until" in cluster["recompute"]


def test_one_line_of_a_log_is_shown_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(usual(), "github") as forge:
        assert triage(forge, tmp_path, "--show", "run 2/unit_tests:5") == ExitCode.PASSED
        shown = capsys.readouterr().out
        with pytest.raises(UserError, match="there is no such part"):
            triage(forge, tmp_path, "--show", "v1:0000000000000000")
    assert ">       5        ASSERT FAILED: expected 3 subplans, got 2" in shown
    assert "job log API" in shown.splitlines()[0]


def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path) -> None:
    with serving(usual(), "github") as forge:
        triage(forge, tmp_path, "--output", os.devnull)
        for path in (tmp_path / "index").iterdir():
            path.write_bytes(b"{broken")
        triage(forge, tmp_path, "--output", str(tmp_path / "r.md"), "--format", "markdown")
    assert "# Triage of a CI" in (tmp_path / "r.md").read_text(encoding="utf-8")
    blob = next((tmp_path / "blobs").iterdir())
    assert gzip.decompress(blob.read_bytes())
