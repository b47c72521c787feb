"""What the registry's bench says is what the report of the whole bench judges."""

import pytest
from bench.registry import Sample, Size, as_json
from bench.report import registry_targets


def _size(definitions: int, plain: float, indexed: float, match: float) -> Size:
    samples = {
        "plain": [Sample(definitions, plain, 1.0, 1.0)] * 3,
        "indexed": [Sample(definitions, indexed, 1.0, match)] * 3,
    }
    return Size(definitions, samples)


@pytest.mark.parametrize(
    ("loading", "matching", "met"), [(1.5, 1.2, [True, True]), (3.0, 1.3, [False, False])]
)
def test_both_targets_are_judged(loading: float, matching: float, met: list[bool]) -> None:
    said = as_json([_size(600, 1.0, 0.5, 1.0), _size(9600, 40.0, loading, matching)])
    targets = registry_targets(said)
    assert [target.met for target in targets] == met
    assert [target.value for target in targets] == pytest.approx([loading / 40, matching])
    assert all("n=3" in target.sample for target in targets)
