"""What the walk over a Python source finds, and what it leaves alone."""

import textwrap

import pytest

from surefoot.policy.static.facts import Import, ModuleFacts
from surefoot.policy.static.importing import work_at_import
from surefoot.policy.static.pyscan import scan_module


def scan(source: str, *, in_tests: bool = True, environment: bool = False) -> ModuleFacts:
    return scan_module(
        textwrap.dedent(source), step_module=in_tests, in_tests=in_tests, environment=environment
    )


def codes(source: str, **roles: bool) -> list[tuple[str, int]]:
    return sorted((raw.code, raw.line) for raw in scan(source, **roles).found)


STEP = "@when('x')\ndef step(context):\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    import time\n    time.sleep(1)", [("SF203", 4)]),
        ("    from time import sleep as nap\n    nap(1)", [("SF203", 4)]),
        ("    import time as t\n    t.sleep(0)", []),
        ("    context.sleep(1)", []),
        ("    import asyncio\n    asyncio.sleep(2)", [("SF203", 4)]),
        (
            "    import time\n    end = time.monotonic() + 3\n"
            "    while time.monotonic() < end:\n        time.sleep(0.1)",
            [],
        ),
        (
            "    import time\n    for _ in range(30):\n        if context.done:\n"
            "            break\n        time.sleep(0.1)",
            [("SF202", 4)],
        ),
        ("    import tempfile\n    tempfile.mktemp()", [("SF401", 4)]),
        ("    import tempfile\n    tempfile.mkstemp()", []),
        ("    open('/tmp/x.txt', 'w')", [("SF402", 3)]),
        ("    open('/tmp/x.txt')", []),
        ("    open(f'/tmp/{context.name}', 'w')", []),
        ("    context.url = 'sqlite:///test.db'", [("SF402", 3)]),
        ("    context.url = 'sqlite:///:memory:'", []),
        ("    context.url = 'sqlite:///{path}'", []),
        ("    import pathlib\n    pathlib.Path('/tmp/a').write_text('')", [("SF402", 4)]),
        (
            "    import socket\n    context.listener = socket.socket()\n"
            "    context.listener.bind(('', 8080))",
            [("SF403", 5)],
        ),
        ("    import socket\n    s = socket.socket()\n    s.bind(('', 0))", []),
        ("    context.x == 1", [("SF604", 3)]),
        ("    context.x\n    assert context.x == 1", []),
        ("    assert (context.x, 'x')", [("SF603", 3)]),
        ("    assert ()", []),
        (
            "    try:\n        f()\n    except KeyError:\n        raise ValueError('x')",
            [("SF601", 6)],
        ),
        ("    try:\n        f()\n    except KeyError as e:\n        raise e", []),
        ("    try:\n        f()\n    except KeyError as e:\n        raise V(1) from e", []),
        (
            "    try:\n        f()\n    except KeyError as e:\n"
            "        def later():\n            raise ValueError\n        later()",
            [],
        ),
        ("    try:\n        f()\n    except:\n        raise", []),
        ("    try:\n        f()\n    except:\n        pass", [("SF605", 5)]),
        (
            "    try:\n        assert f()\n    except AssertionError:\n        pass",
            [("SF602", 5)],
        ),
        (
            "    try:\n        assert f()\n    except AssertionError as e:\n        context.e = e",
            [],
        ),
    ],
)
def test_what_a_step_does(body: str, expected: list[tuple[str, int]]) -> None:
    assert codes(STEP + body) == expected


THREAD = "import threading\n" + STEP


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    threading.Thread(target=f).start()", [("SF351", 4)]),
        ("    t = threading.Thread(target=f)\n    t.start()\n    t.join()", []),
        ("    context.t = threading.Thread(target=f)\n    context.t.start()", []),
        ("    t = threading.Thread(target=f)\n    t.start()\n    context.all.append(t)", []),
        ("    t = threading.Thread(target=f)\n    t.start()\n    return t", []),
        (
            "    ts = [threading.Thread(target=f) for _ in range(3)]\n"
            "    for t in ts:\n        t.start()",
            [("SF351", 4)],
        ),
        (
            "    ts = [threading.Thread(target=f) for _ in range(3)]\n"
            "    for t in ts:\n        t.start()\n    for t in ts:\n        t.join()",
            [],
        ),
        (
            "    def check():\n        assert context.x\n"
            "    t = threading.Thread(target=check)\n    t.start()\n    t.join()",
            [("SF352", 6)],
        ),
        (
            "    def check():\n        try:\n            assert context.x\n"
            "        except BaseException as error:\n            errors.append(error)\n"
            "    t = threading.Thread(target=check)\n    t.start()\n    t.join()",
            [],
        ),
        (
            "    def check():\n        with collecting(errors):\n            assert context.x\n"
            "    t = threading.Thread(target=check)\n    t.start()\n    t.join()",
            [],
        ),
    ],
)
def test_threads_in_a_step(body: str, expected: list[tuple[str, int]]) -> None:
    assert codes(THREAD + body) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import time\ntime.sleep(1)", [("SF204", 2)]),
        ("import time\nif __name__ == '__main__':\n    time.sleep(1)", []),
        ("import time\ndef f():\n    time.sleep(1)", []),
        ("import time\ndef g():\n    time.sleep(1)\ndef f():\n    g()\nX = f()", [("SF204", 6)]),
        (
            "import threading\nclass C:\n    def __init__(self):\n"
            "        self.go = threading.Event()\n    def run(self):\n        self.go.wait()\n"
            "C().run()",
            [("SF204", 7)],
        ),
        ("import threading\nt = threading.Thread(target=f)\nt.start()", [("SF204", 3)]),
        ("import queue\nq = queue.Queue()\nq.put(1)", []),
        ("import functools, time\n@functools.cache\ndef f():\n    time.sleep(1)", []),
        ("import time\nold = time.sleep\ntime.sleep = lambda s: old(0)", [("SF201", 3)]),
        (
            "import time\ndef f():\n    real = time.sleep\n    time.sleep = g\n"
            "    try:\n        run()\n    finally:\n        time.sleep = real",
            [],
        ),
        ("import time\nsetattr(time, 'sleep', f)", [("SF201", 2)]),
    ],
)
def test_what_an_application_does_when_imported(
    source: str, expected: list[tuple[str, int]]
) -> None:
    assert codes(source, in_tests=False) == expected


def test_hooks_count_as_steps_only_in_the_environment_file() -> None:
    source = "import time\ndef before_all(context):\n    time.sleep(1)\n"
    assert codes(source, environment=True) == [("SF203", 3)]
    assert codes(source) == []


def test_a_sleep_for_as_long_as_the_step_says_is_what_was_asked_for() -> None:
    source = "import time\n@when('{n:g} seconds pass')\ndef step(context, n):\n    time.sleep(n)\n"
    assert codes(source) == []


def test_classes_show_what_they_guard() -> None:
    facts = scan(
        """\
        import threading

        class Jobs:
            def __init__(self):
                self._lock = threading.Lock()
                self.running = {}
                self.count = 0
                self.free = []

            def start(self, job):
                with self._lock:
                    self.running[job] = 1
                    self.free.append(job)
                self.count += 1

            def stop(self):
                self.free.clear()

            def _forget(self):
                self.running.clear()
        """,
        in_tests=False,
    )
    (guarded,) = facts.guarded
    assert (guarded.name, guarded.lock, guarded.fields) == ("Jobs", "_lock", ["running"])


def test_syntax_errors_and_null_bytes_are_faults() -> None:
    broken = scan("def f(:\n    pass\n").fault
    assert broken is not None
    assert broken.line == 1
    assert scan("x = 1\0").fault is not None
    assert scan("(" * 5000 + ")" * 5000).fault is not None


def test_columns_count_characters() -> None:
    (raw,) = scan("import tempfile\nümläut = 'ß', tempfile.mktemp()\n").found
    assert (raw.line, raw.column) == (2, 15)


def test_calls_at_import_are_followed_into_other_modules() -> None:
    modules = {
        "/p/runtime.py": scan("import threading\nstarted = threading.Event()\n", in_tests=False),
        "/p/levels.py": scan(
            """\
            import runtime

            class Builder:
                def __init__(self, names):
                    self.names = names

                def build(self):
                    return self._ready()

                def _ready(self):
                    runtime.started.wait()

                def quick(self):
                    return self.names

            def make():
                return Builder([]).quick()
            """,
            in_tests=False,
        ),
        "/p/maps.py": scan(
            """\
            from levels import Builder, make

            BUILDER = Builder(["a"])
            QUICK = BUILDER.quick()
            MADE = make()
            MAPS = BUILDER.build()
            """,
            in_tests=False,
        ),
    }

    def find(file: str, item: Import) -> list[str]:
        path = f"/p/{item.module}.py"
        return [path] if path in modules else []

    found = list(work_at_import(modules, find, lambda path: path.removeprefix("/p/")))
    ((file, raw),) = found
    assert (file, raw.line, raw.code) == ("/p/maps.py", 6, "SF204")
    assert "BUILDER.build() -> self._ready() -> runtime.started.wait()" in raw.message
    assert "levels.py:11" in raw.message
