"""Seeds: the same for the same run and scenario, different for others."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.isolation import seeds


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(seeds, "_chosen_by_user", False)
    monkeypatch.delenv(seeds.HASH_SEED, raising=False)
    state = random.getstate()
    numbers = np.random.get_state()
    yield
    random.setstate(state)
    np.random.set_state(numbers)


def draw() -> tuple[float, float]:
    return random.random(), float(np.random.random())


def test_a_seed_repeats_what_was_drawn() -> None:
    assert seeds.apply(seeds.derive(7, "a :: one"))[:2] == ["random", "numpy.random"]
    first = draw()
    seeds.apply(seeds.derive(7, "a :: two"))
    second = draw()
    seeds.apply(seeds.derive(7, "a :: one"))
    assert draw() == first
    assert first[0] != second[0]
    assert first[1] != second[1]


@given(st.integers(), st.text(), st.integers(), st.text())
def test_seeds_differ_with_run_and_scenario(run: int, one: str, other: int, two: str) -> None:
    first, second = seeds.derive(run, one), seeds.derive(other, two)
    assert (first == second) == ((run, one) == (other, two))
    assert 1 <= first.hash <= 0xFFFFFFFF
    assert 0 <= first.numpy <= 0xFFFFFFFF


def test_an_id_of_a_file_that_is_no_utf8_has_seeds() -> None:
    assert seeds.derive(1, "caf\udce9.feature :: x") != seeds.derive(1, "caf.feature :: x")


def test_child_processes_hash_alike_within_a_scenario_only() -> None:
    def child() -> str:
        return subprocess.run(
            [sys.executable, "-c", "print(hash('a'))"], capture_output=True, text=True, check=True
        ).stdout

    seeds.apply(seeds.derive(1, "a"))
    first = child()
    assert child() == first
    seeds.withdraw()
    assert seeds.HASH_SEED not in os.environ


def test_the_user_s_own_hash_seed_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "_chosen_by_user", True)
    monkeypatch.setenv(seeds.HASH_SEED, "42")
    assert seeds.apply(seeds.derive(1, "a")) == ["random", "numpy.random"]
    seeds.withdraw()
    assert os.environ[seeds.HASH_SEED] == "42"


def test_numpy_is_not_imported_for_it() -> None:
    program = (
        "import sys; from surefoot.isolation import seeds;"
        "print(seeds.apply(seeds.derive(1, 'a')), 'numpy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "random"},
    )
    assert done.stdout == "['random', 'PYTHONHASHSEED of child processes'] False\n"
