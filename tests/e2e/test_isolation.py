"""Workers, their trees, locks, and what they share."""

import json
from pathlib import Path

import pytest
from tests.e2e.project import Project

PIDS = """\
    import os
    from behave import step

    @step('the process is noted')
    def _(context):
        with open('pids', 'a') as file:
            file.write(f'{os.getpid()}\\n')
"""


@pytest.mark.parametrize(
    ("isolation", "processes"), [("worker", 1), ("feature", 2), ("scenario", 4)]
)
def test_isolation_says_how_many_processes(
    project: Project, isolation: str, processes: int
) -> None:
    project.steps(PIDS, "pids")
    for name in ("a", "b"):
        project.scenarios(name, {f"{name}{n}": "the process is noted" for n in range(2)})
    run = project.run("-j", "1", "--isolation", isolation)
    assert run.code == 0
    assert len(run.verdicts()) == 4
    assert len(set((project.path / "pids").read_text().split())) == processes


def test_the_shared_path_is_noticed_with_both_scenarios(project: Project) -> None:
    project.steps(
        """\
        import os
        from behave import step

        @step('a file is shared with the other worker')
        def _(context):
            # Both are in this step before either goes on, so that two workers take part.
            open(f'here-{context.feature.name}', 'w').close()
            while len([n for n in os.listdir('.') if n.startswith('here-')]) < 2:
                pass
            with open('shared.txt', 'w') as file:
                file.write('x')
            assert context.feature.name != 'b', 'broken'
        """,
        "share",
    )
    for name in ("a", "b"):
        project.scenarios(name, {f"in {name}": "a file is shared with the other worker"})
    run = project.run("-j", "2", "--timeout-step", "20s")
    assert run.code == 1
    texts = [text for text in run.notices("shared-path") if "shared.txt" in text]
    assert len(texts) == 1
    assert "in a" in texts[0]
    assert "in b" in texts[0]
    assert "--workdir copy" in texts[0]
    assert "@lock:" in texts[0]
    assert "shared.txt" in run.out


@pytest.mark.parametrize("start", ["auto", "spawn"])
def test_a_private_tree_keeps_workers_apart(project: Project, start: str) -> None:
    project.steps(
        """\
        import os
        from behave import step

        @step('the tree is mine')
        def _(context):
            assert not os.path.exists('mark'), os.listdir('.')
            with open('mark', 'w') as file:
                file.write(context.feature.name)
            with open(os.path.join(os.path.dirname(__file__), 'here.txt')) as file:
                assert file.read() == 'data'
            os.unlink('mark')
            with open('written-' + context.feature.name, 'w') as file:
                file.write('kept')
            assert context.feature.name != 'b', 'to keep what was written'
        """,
        "tree",
    )
    project.file("features/steps/here.txt", "data")
    for name in ("a", "b", "c", "d"):
        project.scenarios(name, {f"{name}{n}": "the tree is mine" for n in range(5)})
    run = project.run(
        "-j", "2", "--workdir", "copy", "--start-method", start, "-f", "plain", "-o", "p.txt"
    )
    assert run.code == 1
    assert sorted(set(run.outcomes().values())) == ["failed", "passed"]
    assert run.finished().verdicts == {"failed": 5, "passed": 15}
    assert (project.path / "p.txt").exists()
    assert not list(project.path.glob("written-*"))
    runs = list((project.path / ".surefoot" / "runs").iterdir())
    kept = [path.name for path in runs[0].glob("written/*/**/written-b")]
    assert kept == ["written-b"]
    assert not list(runs[0].glob("trees"))
    step = run.attempt("b0").record.steps[0]
    assert step.state.error is not None
    assert all("surefoot-trees" not in frame.filename for frame in step.state.error.frames)
    green = project.run("-j", "2", "--workdir", "copy", "features/a.feature")
    assert green.code == 0


def test_a_giant_tree_is_not_copied(project: Project) -> None:
    project.scenarios("a", {"one": "it passes"})
    (project.path / "big.bin").write_bytes(bytes(200_000))
    run = project.call(
        "run", "--workdir", "copy", "--start-method", "spawn", "--workdir-limit", "100000"
    )
    assert run.returncode == 2
    assert "--workdir-limit" in run.stderr
    assert "Traceback" not in run.stderr


def test_locks_and_serial_keep_scenarios_apart(project: Project) -> None:
    project.steps(
        """\
        import os, time
        from behave import step

        @step('nobody else is here')
        def _(context):
            os.mkdir('inside')
            time.sleep(0.02)
            os.rmdir('inside')
        """,
        "locks",
    )
    for name in ("a", "b", "c"):
        project.feature(
            name,
            f"""\
            @lock:thing
            Feature: {name}
              Scenario: {name}1
                Given nobody else is here
              Scenario: {name}2
                Given nobody else is here
            """,
        )
    project.feature("s", "@serial\nFeature: s\n  Scenario: s1\n    Given nobody else is here\n")
    run = project.run("-j", "4", "--unit", "scenario")
    assert run.code == 0
    assert set(run.verdicts().values()) == {"passed"}


def test_workers_know_their_number(project: Project) -> None:
    project.steps(
        """\
        import os
        from behave import step

        @step('the number is written')
        def _(context):
            with open('number-' + context.feature.name, 'w') as file:
                file.write(' '.join(os.environ[f'SUREFOOT_{n}'] for n in ('WORKER', 'WORKERS')))
        """,
        "number",
    )
    for name in ("a", "b"):
        project.scenarios(name, {name: "the number is written"})
    assert project.run("-j", "2").code == 0
    numbers = {(project.path / f"number-{name}").read_text() for name in ("a", "b")}
    assert numbers <= {"1 2", "2 2"}


def test_output_belongs_to_its_attempt(project: Project) -> None:
    project.file("behave.ini", "[behave]\ncapture = false\n")
    project.steps(
        """\
        import os, subprocess, sys, threading
        from behave import step
        go = threading.Event()
        late = []

        @step('it is noisy')
        def _(context):
            print('printed')
            os.write(1, b'bytes \\xff\\x00')
            subprocess.run([sys.executable, '-c', 'print("from a child")'])
            late.append(threading.Thread(target=lambda: (go.wait(), print('late words'))))
            late[0].start()

        @step('the thread speaks')
        def _(context):
            go.set()
            late[0].join()
            print('my own words')

        @step('there are megabytes')
        def _(context):
            for _ in range(8):
                sys.stdout.write('x' * (1 << 20))
        """,
        "noisy",
    )
    project.scenarios(
        "a", {"noisy": "it is noisy", "later": "the thread speaks", "big": "there are megabytes"}
    )
    run = project.run("-j", "1")
    assert run.code == 0
    assert "printed" not in run.out

    def output(name: str) -> bytes:
        attempt = run.attempt(name)
        runs = list((project.path / ".surefoot" / "runs").iterdir())
        return Path(runs[0], attempt.output).read_bytes()

    noisy = output("noisy")
    for words in (b"printed", b"bytes \xff\x00", b"from a child", b"late words"):
        assert words in noisy
    assert b"late words" not in output("later")
    assert b"my own words" in output("later")
    assert len(output("big")) == 8 << 20


def test_two_runs_at_once_do_not_meet(project: Project) -> None:
    for name in ("a", "b"):
        project.scenarios(name, {f"{name}{n}": "it passes" for n in range(20)})
    first = project.start("-j", "2", "--journal", "one.jsonl")
    second = project.start("-j", "2", "--journal", "two.jsonl")
    assert first.communicate(timeout=60)[1] == ""
    assert second.communicate(timeout=60)[1] == ""
    assert (first.returncode, second.returncode) == (0, 0)
    for name in ("one.jsonl", "two.jsonl"):
        last = json.loads((project.path / name).read_text().splitlines()[-1])
        assert last["verdicts"] == {"passed": 40}
    assert len(list((project.path / ".surefoot" / "runs").iterdir())) == 2


def test_a_fixed_port_in_before_all_means_fewer_workers_and_says_so(project: Project) -> None:
    project.file(
        "features/environment.py",
        """\
        import socket

        probe = socket.socket()
        probe.bind(("127.0.0.1", 0))
        PORT = probe.getsockname()[1]
        probe.close()

        def before_all(context):
            context.server = socket.socket()
            context.server.bind(("127.0.0.1", PORT))

        def after_all(context):
            context.server.close()
        """,
    )
    for name in ("a", "b", "c"):
        project.scenarios(name, {name: "it passes"})
    run = project.run("-j", "3")
    assert run.code == 0
    assert set(run.verdicts().values()) == {"passed"}
    notices = run.notices("degraded-workers")
    assert notices
    assert "before_all failed in worker" in notices[0]
    assert "before_all" in run.out
