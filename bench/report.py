"""From samples to statistics, targets and the two result files.

Pure but for `save`. No figure without its sample, and no machine is named: cores, memory, Python
version and family of operating system are what a ratio may depend on.
"""

import json
import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bench.contestants import BY_KEY, PLAIN, Answer, is_peer
from bench.measure import Race, Sample

LARGE = "large"
LARGE_BASE = "large-base"
"""Suite of the same shape as the large one, with 1,000 scenarios."""


class Row(msgspec.Struct, frozen=True):
    """A contestant on a suite, over its rounds."""

    key: str
    name: str
    command: str
    seconds: list[float]
    median: float
    best: float
    cpu_median: float
    peak_mb: float
    scenarios: int
    """How many it told of, in the first round."""
    difference: str
    """Where its answer is unlike the right one; empty when every round was right."""
    over_limit: bool
    leftovers: int
    ratio: float | None
    """Median by median of plain behave, of the same suite in the same run."""


class Table(msgspec.Struct, frozen=True):
    """The results of one suite."""

    suite: str
    about: str
    limit: float
    rows: list[Row]

    def row(self, key: str) -> Row | None:
        """Return a contestant's row, if it ran."""
        return next((row for row in self.rows if row.key == key), None)


class Target(msgspec.Struct, frozen=True):
    """A figure that surefoot has to reach."""

    text: str
    wanted: str
    value: float | None
    """None when this run did not measure it."""
    met: bool | None
    sample: str

    @property
    def verdict(self) -> str:
        """The word for it."""
        return {None: "not measured", True: "met", False: "NOT MET"}[self.met]


class Machine(msgspec.Struct, frozen=True):
    """What the figures may depend on."""

    cores: int
    memory_gb: float
    python: str
    system: str
    load: float
    """Processes that wanted a core in the minute before the run: 0 on an idle machine."""


class Results(msgspec.Struct, frozen=True):
    """Everything that one run of the bench found."""

    date: str
    command: str
    rounds: int
    machine: Machine
    versions: dict[str, str]
    tables: list[Table]
    registry: dict[str, Any] | None
    targets: list[Target]


def table_of(race: Race) -> Table:
    """Return the statistics of a race.

    The right answer is plain behave's where it ran to its end, else what the generator knows.
    """
    suite = race.suite
    plain = [one for one in race.samples.get(PLAIN, ()) if not one.child.over_limit]
    right = plain[0].answer if plain else suite.expected
    plain_median = statistics.median(_seconds(plain)) if plain else None
    rows = []
    for key, samples in race.samples.items():
        if not samples:
            continue
        judged_by = suite.expected if key == PLAIN and suite.expected is not None else right
        rows.append(_row(key, samples, judged_by, plain_median))
    return Table(suite.name, suite.about, suite.limit, rows)


def fastest_right_peer(table: Table) -> Row | None:
    """Return the fastest of the other parallel runners that always gave the right answer."""
    peers = [
        row
        for row in table.rows
        if is_peer(BY_KEY[row.key]) and not row.difference and not row.over_limit
    ]
    return min(peers, key=lambda row: row.median, default=None)


def targets_of(tables: Sequence[Table], registry: Mapping[str, Any] | None) -> list[Target]:
    """Return every target with what this run found of it."""
    by_name = {table.suite: table for table in tables}
    docx = by_name.get("docx", Table("docx", "", 0, []))
    large = by_name.get(LARGE, Table(LARGE, "", 0, []))
    base = by_name.get(LARGE_BASE, Table(LARGE_BASE, "", 0, []))
    one, two, plain = docx.row("surefoot-1"), docx.row("surefoot-2"), docx.row(PLAIN)
    huge, small = large.row("surefoot-2"), base.row("surefoot-2")
    return [
        *registry_targets(registry),
        _at_most("python-docx, 1 worker: time by plain behave's", 1.0, one, plain),
        _at_most("python-docx, 2 workers: time by plain behave's", 0.6, two, plain),
        _at_most(
            "python-docx, 2 workers: time by the fastest right peer's",
            0.8,
            two,
            fastest_right_peer(docx),
        ),
        _memory(huge),
        _throughput(huge, small),
    ]


def registry_targets(registry: Mapping[str, Any] | None) -> list[Target]:
    """Return the targets of the step registry from what `bench.registry` measured.

    Read are `load_ratio`, surefoot's time by behave's for loading 9,600 definitions, and
    `match_growth`, surefoot's time a match at 9,600 definitions by that at the fewest.
    """
    found = registry or {}
    sample = f"n={found.get('rounds', '?')}, python -m bench.registry"
    targets = []
    for text, wanted, key, limit in (
        ("loading 9,600 definitions: time by behave's", "at most 0.05", "load_ratio", 0.05),
        # A quarter more is the noise of timing microseconds; growth with the definitions would
        # be a multiple.
        ("cost of a match as definitions grow", "at most 1.25", "match_growth", 1.25),
    ):
        value = found.get(key)
        if isinstance(value, int | float):
            targets.append(Target(text, wanted, float(value), value <= limit, sample))
        else:
            targets.append(Target(text, wanted, None, None, ""))
    return targets


def render(results: Results) -> str:
    """Return the results as Markdown."""
    machine = results.machine
    lines = [
        "# Measured",
        "",
        f"{results.date}, `{results.command}`. {machine.cores} cores, {machine.memory_gb:.0f} GB,"
        f" Python {machine.python}, {machine.system}, load before the run {machine.load:.1f}.",
        "",
        "Contestants take turns (A B C, A B C, ...); ratios are of medians within this run."
        " `n` is the number of runs. Below 1 is faster than plain behave. Processor time is that of"
        " the whole run, memory the peak of the main process. How to read and repeat this:"
        " [README.md](README.md).",
        "",
        "## Targets",
        "",
        *_grid(
            ("target", "wanted", "measured", "", "sample"),
            (
                (one.text, one.wanted, _figure(one.value), one.verdict, one.sample)
                for one in results.targets
            ),
        ),
    ]
    for table in results.tables:
        lines += ["", f"## {table.suite}: {table.about}", "", *_table_lines(table)]
    if results.registry is not None:
        lines += ["", "## registry: loading and matching step definitions", ""]
        lines += _grid(("what", "value"), sorted(_leaves(results.registry)))
    lines += ["", "## Versions", ""]
    lines += _grid(("package", "version"), results.versions.items())
    return "\n".join(lines) + "\n"


def save(results: Results, folder: str) -> None:
    """Write RESULTS.md and results.json."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "RESULTS.md"), "w", encoding="utf-8") as file:
        file.write(render(results))
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump(msgspec.to_builtins(results), file, indent=1)
        file.write("\n")


def _row(
    key: str, samples: Sequence[Sample], right: Answer | None, plain_median: float | None
) -> Row:
    contestant = BY_KEY[key]
    seconds = _seconds(samples)
    median = statistics.median(seconds)
    over = any(sample.child.over_limit for sample in samples)
    differences = [] if right is None else [one.answer.difference(right) for one in samples]
    told = samples[0].answer.scenarios
    return Row(
        key=key,
        name=contestant.name,
        command=" ".join(contestant.command("", "OUT")),
        seconds=[round(one, 4) for one in seconds],
        median=median,
        best=min(seconds),
        cpu_median=statistics.median(sample.child.cpu_seconds for sample in samples),
        peak_mb=max(sample.child.peak_mb for sample in samples),
        scenarios=0 if told is None else told.passed + told.failed + told.skipped,
        difference=next(filter(None, differences), ""),
        over_limit=over,
        leftovers=max(sample.child.leftovers for sample in samples),
        ratio=None if not plain_median else median / plain_median,
    )


def _seconds(samples: Iterable[Sample]) -> list[float]:
    return [sample.child.seconds for sample in samples]


def _at_most(text: str, limit: float, row: Row | None, other: Row | None) -> Target:
    wanted = f"at most {limit:g}"
    if row is None or other is None:
        return Target(text, wanted, None, None, "")
    value = row.median / other.median
    sample = f"{_runs(row)} by {_runs(other)}, {other.name}"
    return _judged(Target(text, wanted, value, value <= limit, sample), row)


def _memory(row: Row | None) -> Target:
    text = "100,000 scenarios: peak memory of the coordinator, MB"
    if row is None:
        return Target(text, "under 300", None, None, "")
    return _judged(Target(text, "under 300", row.peak_mb, row.peak_mb < 300, _runs(row)), row)


def _throughput(row: Row | None, base: Row | None) -> Target:
    text = "100,000 scenarios: scenarios a second by that of 1,000"
    if row is None or base is None or not base.scenarios:
        return Target(text, "at least 1", None, None, "")
    mine, theirs = row.scenarios / row.median, base.scenarios / base.median
    sample = f"{mine:.0f} by {theirs:.0f} a second; {_runs(row)} by {_runs(base)}"
    return _judged(Target(text, "at least 1", mine / theirs, mine >= theirs, sample), row, base)


def _judged(target: Target, *rows: Row) -> Target:
    """Return the target, not met where the answer is wrong: fast and wrong is not fast."""
    for row in rows:
        if row.over_limit or row.difference:
            why = "over the limit" if row.over_limit else f"wrong answer: {row.difference}"
            return msgspec.structs.replace(target, met=False, sample=f"{target.sample}; {why}")
    return target


def _runs(row: Row) -> str:
    return f"median {row.median:.2f} s of n={len(row.seconds)}"


def _table_lines(table: Table) -> list[str]:
    lines = _grid(
        ("contestant", "median s", "best s", "n", "by plain behave", "CPU s", "MB", "answer"),
        (
            (
                row.name,
                _over(row, f"{row.median:.2f}"),
                _over(row, f"{row.best:.2f}"),
                str(len(row.seconds)),
                "" if row.ratio is None else _over(row, f"{row.ratio:.2f}"),
                _over(row, f"{row.cpu_median:.2f}"),
                f"{row.peak_mb:.0f}",
                _answer(row, table.limit),
            )
            for row in table.rows
        ),
    )
    lines += ["", "Commands:", ""]
    lines += [f"- {row.name}: `{row.command}`" for row in table.rows]
    return lines


def _over(row: Row, figure: str) -> str:
    return f"> {figure}" if row.over_limit else figure


def _answer(row: Row, limit: float) -> str:
    if row.over_limit:
        text = f"over the limit of {limit:g} s"
    elif row.difference:
        text = f"wrong: {row.difference}"
    else:
        text = f"right, {row.scenarios:,} scenarios"
    return text + (f"; left {row.leftovers} processes behind" if row.leftovers else "")


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.0f}"


def _leaves(data: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in data.items():
        if isinstance(value, Mapping):
            found += _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, float):
            found.append((f"{prefix}{key}", f"{value:.6g}"))
        else:
            found.append((f"{prefix}{key}", str(value)))
    return found


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
