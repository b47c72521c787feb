"""Makes the logs of this directory by running the real tools over a small project.

    python -m tests.logs.make TOOLS BEHAVE126 [NAME...]

`TOOLS` and `BEHAVE126` are environments (directories with `bin/`): the first has behave 1.3,
surefoot, pytest with xdist and rerunfailures, ruff, mypy, pyright, bandit, Robot Framework,
pabot, nox, tox, uv, coverage and slipcover; the second has behave 1.2.6. Paths of the machine are
replaced by those that a hosted runner has, so that the logs are the same everywhere but for times.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping

HERE = os.path.dirname(os.path.abspath(__file__))

_STEPS = """from behave import given, then, when


@given("a shop")
def a_shop(context):
    print("opening the shop")


@when("I pay {n:d}")
def pay(context, n):
    context.n = n


@when("it explodes")
def explode(context):
    {}["missing"]


@then("{n:d} rows are left")
def left(context, n):
    assert n == 3, f"expected {n} rows, found 3"
"""
_FINE = "Feature: Other\n  Scenario: fine\n    Given a shop\n"
FILES: Mapping[str, str] = {
    "features/shop.feature": """Feature: Shop

  @smoke
  Scenario: pay by card
    Given a shop
    When I pay 5
    Then 2 rows are left

  Scenario: pay cash
    Given a shop

  @tdd_issue @tdd_issue_12
  Scenario: explode
    Given a shop
    When it explodes
    Then 2 rows are left

  Scenario Outline: sums <a>
    Given a shop
    Then <a> rows are left
    Examples: few
      | a |
      | 1 |
      | 3 |

  Scenario: not written
    Given something unknown
""",
    "features/other.feature": _FINE,
    "features/steps/shop.py": _STEPS,
    "ambiguous/features/other.feature": _FINE,
    "ambiguous/features/steps/a.py": _STEPS,
    "ambiguous/features/steps/b.py": _STEPS,
    "importing/features/other.feature": _FINE,
    "importing/features/steps/a.py": "import nowhere\n",
    "hook/features/other.feature": _FINE,
    "hook/features/steps/shop.py": _STEPS,
    "hook/features/environment.py": 'def before_all(context):\n    raise OSError("no disk")\n',
    "hook2/features/other.feature": _FINE,
    "hook2/features/steps/shop.py": _STEPS,
    "hook2/features/environment.py": 'def before_scenario(context, scenario):\n    {}["x"]\n',
    "tests/test_shop.py": """import unittest

import pytest


def test_ok():
    pass


def test_sum():
    a = 1
    assert a + 1 == 3


class TestThing:
    @pytest.mark.parametrize("x", [1, 2])
    def test_par(self, x):
        assert x == 1


@pytest.fixture
def broken():
    raise RuntimeError("no database")


def test_setup(broken):
    pass


@pytest.mark.skip
def test_skipped():
    pass


@pytest.mark.xfail
def test_x():
    assert 0


@pytest.mark.xfail
def test_xp():
    pass


class Case(unittest.TestCase):
    def test_eq(self):
        self.assertEqual(1, 2)
""",
    "once/test_flicker.py": """import os


def test_flicker():
    if not os.path.exists("seen"):
        open("seen", "w").close()
        raise TimeoutError("not ready within 3 s")
""",
    "bad/test_import.py": "import nowhere\n\n\ndef test_a():\n    pass\n",
    "bad/test_syntax.py": "def test_a(:\n    pass\n",
    "lint.py": """import os
def f(x: int) -> str:
    return x
y = undefined_name
try:
    pass
except Exception:
    raise ValueError("a")
import subprocess
subprocess.call("ls", shell=True)
""",
    "good.py": "x: int = 1\n",
    "case.py": """import unittest


class T(unittest.TestCase):
    def test_ok(self):
        pass

    def test_eq(self):
        \"\"\"Numbers are equal.\"\"\"
        self.assertEqual(1, 2)

    def test_err(self):
        {}["a"]

    @unittest.skip("x")
    def test_skip(self):
        pass

    def test_sub(self):
        for i in range(2):
            with self.subTest(i=i):
                self.assertEqual(i, 0)

    @unittest.expectedFailure
    def test_xf(self):
        assert 0

    @unittest.expectedFailure
    def test_xp(self):
        pass


if __name__ == "__main__":
    unittest.main()
""",
    "robot/a.robot": """*** Test Cases ***
Good One
    Log    hello
Bad One
    [Tags]    slow
    Should Be Equal    ${1}    ${2}
Missing Keyword
    No Such Keyword
Skipped One
    Skip    because
""",
    "robot/b.robot": """*** Settings ***
Suite Setup    Fail    no server
*** Test Cases ***
Never
    Log    x
""",
    "noxfile.py": """import nox


@nox.session(venv_backend="none")
def lint(session):
    session.run("ruff", "check", "lint.py", external=True)


@nox.session(venv_backend="none")
def ok(session):
    session.run("python", "-c", "print(1)", external=True)


@nox.session(venv_backend="none")
def killed(session):
    session.run("python", "-c", "import os; os._exit(124)", external=True)
""",
    "cover/half.py": """def half(x):
    if x:
        return 1
    return 2


print(half(1))
""",
    "cover/other.py": "import half\n\nprint(half.half(2))\n",
    "cover/noxfile.py": """import nox

SLIPCOVER = ("python", "-m", "slipcover", "--source", ".", "--fail-under")
nox.options.default_venv_backend = "none"


@nox.session
def coverage(session):
    session.run("coverage", "run", "half.py", external=True)
    session.run("coverage", "report", "--fail-under=97", external=True)


@nox.session
def slipcover(session):
    session.run(*SLIPCOVER, "97", "other.py", external=True)


@nox.session
def enough(session):
    session.run(*SLIPCOVER, "20", "other.py", external=True)
    session.run("coverage", "run", "half.py", external=True)
    session.run("coverage", "report", "--fail-under=20", external=True)
""",
    "tox.ini": """[tox]
envlist = a,b
skipsdist = true
[testenv]
skip_install = true
allowlist_externals = false, true
commands =
  a: false
  b: true
""",
}

_FORMATS = ("plain", "pretty", "progress", "progress2", "progress3")
_BROKEN = ("ambiguous", "importing", "hook", "hook2")
COMMANDS: Mapping[str, str] = {
    **{f"behave_{name}": f"behave -f {name}" for name in _FORMATS},
    **{f"old_behave_{name}": f"BEHAVE126 -f {name}" for name in _FORMATS},
    **{f"behave_{name}": f"behave {name}/features" for name in _BROKEN},
    **{f"old_behave_{name}": f"BEHAVE126 {name}/features" for name in _BROKEN},
    **{f"surefoot_{name}": f"surefoot run {name}/features" for name in _BROKEN},
    "behave_green": "behave -f plain features/other.feature",
    "behave_nothing": "behave --tags=nosuch",
    "surefoot_red": "surefoot run features",
    "surefoot_green": "surefoot run features/other.feature",
    "surefoot_nothing": "surefoot run features --tags=nosuch",
    "pytest_red": "pytest tests",
    "pytest_quiet": "pytest -q tests",
    "pytest_verbose": "pytest -v -rA tests",
    "pytest_xdist": "pytest -n2 -v tests",
    "pytest_collect": "pytest bad",
    "pytest_nothing": "pytest tests -k nosuch",
    "pytest_green": "pytest tests -k test_ok",
    "pytest_reruns": "pytest --reruns 1 -v once",
    "unittest_red": "python case.py",
    "unittest_verbose": "python case.py -v",
    "unittest_green": "python -m unittest case.T.test_ok",
    "unittest_import": "python -m unittest nosuch",
    "ruff_full": "ruff check --isolated lint.py",
    "ruff_concise": "ruff check --isolated --output-format concise lint.py",
    "ruff_github": "ruff check --isolated --output-format github lint.py",
    "ruff_green": "ruff check --isolated good.py",
    "ruff_format": "ruff format --isolated --check lint.py case.py",
    "mypy_red": "mypy lint.py",
    "mypy_green": "mypy good.py",
    "pyright_red": "pyright lint.py",
    "bandit_red": "bandit -q lint.py",
    "bandit_green": "bandit good.py",
    "robot_red": "robot --outputdir out robot",
    "robot_green": "robot --outputdir out -t 'Good One' robot/a.robot",
    "pabot_red": "pabot --outputdir out robot",
    "nox_red": "nox",
    "tox_red": "tox",
    "coverage_gate": "cd cover && coverage run half.py && coverage report --fail-under=97",
    "coverage_nox": "cd cover && nox -s coverage",
    "slipcover_gate": "cd cover && nox -s slipcover",
    "coverage_green": "cd cover && nox -s enough",
    "git_clone": "git clone https://localhost:1/x.git gone",
    "uv_red": "uv pip install --index-url http://localhost:1/simple zzz",
    "python_red": "python -c 'import nowhere'",
}


def main(tools: str, old: str, *names: str) -> None:
    """Write every log anew, or those that are named."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in FILES.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        environment = {
            **os.environ,
            "PATH": f"{os.path.abspath(tools)}/bin:{os.environ['PATH']}",
            "COLUMNS": "80",
        }
        for name, command in COMMANDS.items():
            if names and name not in names:
                continue
            line = command.replace("BEHAVE126", f"{os.path.abspath(old)}/bin/behave")
            done = subprocess.run(
                line,
                shell=True,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            text = done.stdout.decode("utf-8", "replace")
            with open(os.path.join(HERE, f"{name}.log"), "w", encoding="utf-8", newline="") as out:
                out.write(hosted(text, folder, (tools, old), "/home/runner/work/shop/shop"))


def hosted(text: str, folder: str, environments: tuple[str, ...], checkout: str) -> str:
    """Replace the paths of this machine by those of a hosted runner.

    `folder` is where the tools ran, and becomes `checkout`; `environments` are where they stand.
    """
    for place in environments:
        text = text.replace(os.path.abspath(place), "/opt/hostedtoolcache/Python/3.11.7/x64")
    text = text.replace(os.path.realpath(folder), checkout)
    text = text.replace(folder, checkout)
    return re.sub(r"(?:/[\w.-]+)+/(lib/python3\.\d+/)(?!site-packages)", r"/usr/\1", text)


if __name__ == "__main__":
    main(*sys.argv[1:])
