"""`python -m examples.incident`: run, judge, write docs/incident.md.

Exit code 0 when everything that the report found is told, and none of it elsewhere; 1 when not;
2 when a suite cannot be had. A scenario of a real suite that fails under plain behave too is told
rightly, and is none of the report's: it is written down in a place of its own.

All suites together take some fifteen minutes on two processors; `--real NAME` takes one of them.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from examples.incident.judge import Judged, count, judge
from examples.incident.observe import Observed, ObserveError, observe
from examples.incident.page import page
from examples.incident.plain import confirm
from examples.incident.seed import FINDINGS
from tests.parity.sources import RealSuite, SourceError, cache_dir, prepare, real_suites

_EXAMPLES = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PAGE = os.path.join(os.path.dirname(_EXAMPLES), "docs", "incident.md")


def main(argv: Sequence[str] | None = None) -> int:
    """Do it and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.incident", description=__doc__)
    parser.add_argument("--page", default=_PAGE, help="write the page there")
    names = [suite.name for suite in real_suites()]
    parser.add_argument(
        "--real", choices=names, action="append", help="only this real suite (default: all)"
    )
    parser.add_argument("--examples-only", action="store_true", help="leave real suites out")
    options = parser.parse_args(argv)
    try:
        incident = _example("agents_incident")
        healthy = [_example("agents")]
        if not options.examples_only:
            wanted = options.real or names
            healthy += [_real(suite) for suite in real_suites() if suite.name in wanted]
    except (ObserveError, SourceError) as error:
        sys.stderr.write(f"incident: {error}\n")
        return 2
    judged = [judge(finding, incident) for finding in FINDINGS]
    with open(options.page, "w", encoding="utf-8") as file:
        file.write(page(judged, incident, healthy))
    wrong = list(_wrong(judged, incident, healthy))
    sys.stdout.writelines(f"{line}\n" for line in (*wrong, f"written: {options.page}"))
    return 1 if wrong else 0


def _wrong(judged: Sequence[Judged], incident: Observed, healthy: Sequence[Observed]) -> list[str]:
    """Return what is not as it should be, in sentences."""
    found = [f"{item.seed.key}: {text}" for item in judged for text in item.missing]
    if incident.logs.kept != incident.logs.told:
        found.append("logs: not all output is kept")
    found += [
        f"{item.seed.key}: told {number} times in {suite.name}"
        for item in judged
        for suite in healthy
        if (number := count(item.seed, suite))
    ]
    return found


def _example(name: str) -> Observed:
    sys.stderr.write(f"{name} ...\n")
    return observe(name, os.path.join(_EXAMPLES, name))


def _real(suite: RealSuite) -> Observed:
    sys.stderr.write(f"{suite.name} ...\n")
    project = prepare(suite, cache_dir())
    observed = observe(
        suite.name,
        project.path,
        suite.args,
        options=("--workdir", suite.workdir),
        env=suite.env,
    )
    return confirm(observed, suite.env)


if __name__ == "__main__":
    sys.exit(main())
