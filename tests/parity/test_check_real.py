"""`surefoot check` finds no fault of the seed's kind in real suites: no false alarms."""

import json
import subprocess
import sys

import pytest
from tests.parity.sources import SourceError, cache_dir, prepare, real_suites

pytestmark = [pytest.mark.parity, pytest.mark.timeout(300)]


@pytest.mark.parametrize("suite", [pytest.param(suite, id=suite.name) for suite in real_suites()])
def test_a_real_suite_has_no_errors_and_only_true_warnings(suite: object) -> None:
    (real,) = [item for item in real_suites() if item == suite]
    try:
        project = prepare(real, cache_dir())
    except SourceError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [sys.executable, "-m", "surefoot", "check", "--no-cache", "--format", "json", *real.args],
        cwd=project.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rules = {item["rule"] for item in json.loads(done.stdout)["findings"]}
    # Scenarios without steps, a file without scenarios, names that are given twice: all true.
    assert rules <= {"SF104", "SF107", "SF108", "SF110", "SF111"}
