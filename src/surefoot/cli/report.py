"""`surefoot report`: rebuilds reports from the journal of a run."""

import os
import sys
from collections.abc import Iterator, Sequence

from surefoot.cli import rundir
from surefoot.cli.run import read_output
from surefoot.errors import UserError
from surefoot.events.events import (
    Event,
    FeatureFinished,
    ScenarioFinished,
    SuiteLoaded,
    SuitePlanned,
    VerdictReached,
)
from surefoot.events.journal import JournalReader
from surefoot.exitcodes import ExitCode

_HELP = """\
usage: surefoot report RUN|PATH [options]

Rebuilds the summary, the JUnit file and any behave formatter's output from the
journal of a run. RUN is a run id, its beginning, or `last`; PATH is a journal
or the directory of a run. The exit code is that of the run.

  --junit-xml PATH     write one merged JUnit file
  -f NAME [-o FILE]    call a behave formatter (may be given several times;
                       without -o it writes to standard output)
  --slowest N          show the N slowest scenarios
  -q, -v               less, more

examples:
  surefoot report last
  surefoot report last --junit-xml junit.xml -f json -o report.json
"""


class _Request:
    def __init__(self) -> None:
        self.run = ""
        self.junit_xml = ""
        self.formats: list[str] = []
        self.outputs: list[str] = []
        self.slowest = 0
        self.quiet = False
        self.verbose = False


def main(argv: Sequence[str]) -> int:
    """Rebuild reports; return the exit code of the run."""
    if not argv or any(argument in ("-h", "--help") for argument in argv):
        sys.stdout.write(_HELP)
        return ExitCode.PASSED if argv else ExitCode.USAGE
    request = _parse(argv)
    path = rundir.find_run(os.getcwd(), request.run)
    run_dir = os.path.dirname(os.path.abspath(path))
    try:
        return _report(request, path, run_dir)
    except OSError as error:
        raise UserError(f"{error.filename or path}: {error.strerror or error}") from error


def _report(request: _Request, path: str, run_dir: str) -> int:
    from surefoot.report.style import make_style
    from surefoot.report.summary import render_summary
    from surefoot.report.view import RunView

    reader = JournalReader(path)
    view = RunView(slowest=request.slowest)
    events = 0
    for event in reader.events():
        view.on_event(event)
        events += 1
    view.close()
    if not events:
        raise UserError(f"{path} holds no event of a run: it is not a journal, or it is empty")
    if request.junit_xml:
        from surefoot.report.junit import write_junit

        write_junit(JournalReader(path).events(), request.junit_xml, read_output(run_dir))
    if request.formats:
        _format(request, path)
    if request.formats and "" in request.outputs:
        return _exit_code(view, reader)
    sys.stdout.write(
        render_summary(
            view,
            slowest=request.slowest,
            verbose=request.verbose,
            quiet=request.quiet,
            style=make_style(sys.stdout, os.environ),
            width=80,
            read_output=read_output(run_dir),
            repro=lambda location: f"surefoot run {location}",
        )
    )
    return _exit_code(view, reader)


def _exit_code(view: object, reader: JournalReader) -> int:
    finished = getattr(view, "finished", None)
    if finished is None:
        sys.stderr.write(f"surefoot: the journal {reader.path} was cut: the run did not end\n")
        return ExitCode.FAILED
    return int(finished.exit_code)


def _format(request: _Request, path: str) -> None:
    """Call behave's formatters in this process: everything they need is in the journal."""
    from surefoot.report.behave_formatters import Replay, assemble
    from surefoot.suite.load import SuiteError, check_formatters, configure

    arguments: list[str] = ["--no-summary"]
    for name, output in zip(request.formats, request.outputs, strict=True):
        arguments += ["-f", name, "-o", output or "-"]
    try:
        config = configure(arguments)
        check_formatters(config)
    except SuiteError as error:
        raise UserError(str(error)) from error
    # What the working directory's behave.ini adds is not asked for here.
    config.format = list(request.formats)
    config.outputs = config.outputs[-len(request.formats) :]
    config.reporters = []
    replay = Replay(config, {}, live=True, load_output=_load_output(path))
    for events in _by_feature(path):
        replay.feature(*assemble(events))
    replay.close(aborted=False)
    for problem in replay.problems:
        sys.stderr.write(f"surefoot: {problem}\n")
    if replay.problems:
        raise UserError("not every report could be rebuilt (see above)")


def _load_output(path: str) -> str:
    """Return what loading the suite wrote, which a journal tells before it names a feature."""
    for event in JournalReader(path).events():
        if isinstance(event, SuiteLoaded):
            return event.output
        if isinstance(event, SuitePlanned):
            break
    return ""


def _by_feature(path: str) -> Iterator[list[Event]]:
    """Yield the final events of each feature, in suite order.

    Read in two passes, so that no more than one feature is in memory: which attempt of each
    scenario stands is known at the end only.
    """
    chosen: dict[int, dict[tuple[int, ...], int]] = {}
    features: dict[int, list[int]] = {}
    bad_first: dict[tuple[int, tuple[int, ...]], tuple[int, bool]] = {}
    verdicts: dict[tuple[int, tuple[int, ...]], str] = {}
    lines: list[Event] = []
    order: list[int] = []
    for event in JournalReader(path).events():
        if isinstance(event, SuitePlanned):
            order = [feature.index for feature in event.features]
        elif isinstance(event, VerdictReached):
            verdicts[(event.feature, event.path)] = event.verdict.value
        elif isinstance(event, ScenarioFinished):
            key = (event.feature, event.record.path)
            number = len(lines)
            lines.append(event)
            first = bad_first.get(key)
            if first is None or not first[1] or not (event.is_bad and event.outcome.is_bad):
                chosen.setdefault(event.feature, {})[event.record.path] = number
            bad_first.setdefault(key, (number, event.is_bad and event.outcome.is_bad))
        elif isinstance(event, FeatureFinished):
            features.setdefault(event.feature, []).append(len(lines))
            lines.append(event)
    for feature in order or sorted(features):
        if feature in features:
            numbers = sorted([*chosen.get(feature, {}).values(), *features[feature]])
            yield [lines[number] for number in numbers]


def _parse(argv: Sequence[str]) -> _Request:
    request = _Request()
    waiting = list(argv)
    while waiting:
        argument = waiting.pop(0)
        name, _, given = argument.partition("=")
        if name in ("--junit-xml", "-f", "--format", "-o", "--outfile", "--slowest"):
            if not given:
                if not waiting:
                    raise UserError(f"{name} needs a value; see surefoot report --help")
                given = waiting.pop(0)
            _set(request, name, given)
        elif argument in ("-q", "--quiet"):
            request.quiet = True
        elif argument in ("-v", "--verbose"):
            request.verbose = True
        elif argument.startswith("-") and argument != "-":
            raise UserError(
                f"{argument} is not an option of surefoot report (known: --junit-xml, -f, -o,"
                " --slowest, -q, -v)"
            )
        elif request.run:
            raise UserError(f"surefoot report takes one run, not {request.run} and {argument}")
        else:
            request.run = argument
    if not request.run:
        raise UserError("which run? Name a journal, a run id or `last`")
    return request


def _set(request: _Request, name: str, value: str) -> None:
    if name == "--junit-xml":
        request.junit_xml = value
    elif name in ("-f", "--format"):
        request.formats.append(value)
        request.outputs.append("")
    elif name in ("-o", "--outfile"):
        if not request.formats:
            raise UserError(f"-o {value} comes before any -f: give each -o its own -f")
        request.outputs[-1] = "" if value == "-" else value
    else:
        if not value.isdigit():
            raise UserError(f"--slowest takes a number, not {value}")
        request.slowest = int(value)
