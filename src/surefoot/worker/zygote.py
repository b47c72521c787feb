"""The zygote: a single-threaded process that loads the suite once and forks workers.

It starts no thread, runs no hook, and after loading does nothing but fork, describe features
and report children that ended. When the coordinator is gone it ends every worker's process
group and itself. In spawn mode the same process loads the suite and then becomes the one
worker, instead of forking.
"""

import contextlib
import gc
import os
import random
import select
import signal
import sys
import time
from typing import Any, NoReturn

import msgspec

from surefoot.config.settings import Settings
from surefoot.events.events import FeatureFinished, ScenarioFinished
from surefoot.model.outcomes import Outcome
from surefoot.model.scenarios import PlannedFeature
from surefoot.worker import faults, native
from surefoot.worker.board import Board, Place
from surefoot.worker.protocol import (
    Become,
    Channel,
    ConnectionLostError,
    Describe,
    Exited,
    Fork,
    Forked,
    ForkReplayer,
    Load,
    Loaded,
    LoadError,
    Quit,
    SuiteFacts,
)

_ENCODER = msgspec.json.Encoder()


def serve(channel: Channel) -> int:
    """Run a zygote on this channel until it is told to quit; return its exit status."""
    try:
        message, _ = channel.receive()
        return _Zygote(channel, message).run() if isinstance(message, Load) else 1
    except ConnectionLostError:
        return 1
    except KeyboardInterrupt:
        return 130


class _Zygote:
    def __init__(self, channel: Channel, load: Load) -> None:
        self._channel = channel
        self._load = load
        self._board = Board.open(load.board)
        self._suite: Any = None
        self._planned: list[PlannedFeature] = []
        self._children: dict[int, int] = {}
        """pid -> worker (-1 for the replayer)"""
        self._handles: dict[int, int] = {}
        """pid -> pidfd"""
        self._seeded_state: Any = None
        self._load_text = ""
        self._terminal = (os.dup(1), os.dup(2))
        self._temporary: Any = None
        """Where temporary files went before the suite was loaded."""

    def run(self) -> int:
        """Load, then serve. Returns the exit status."""
        # Until the suite is loaded nobody here can notice that the coordinator died.
        native.die_with_parent(os.getppid())
        faults.answer_stack_signal(os.path.join(self._load.run_dir, f"stacks-{os.getpid()}.txt"))
        log = self._capture_load()
        answer, body = self._load_suite(log)
        self._channel.send(answer, body)
        if isinstance(answer, LoadError):
            return 0
        native.outlive_parent()
        native.adopt_orphans()
        # Objects of the suite are not looked at by the collectors of the workers, which would
        # copy the pages that they are on.
        gc.freeze()
        return self._serve()

    # -- loading

    def _capture_load(self) -> str:
        """Keep what loading prints from the terminal, where a display of ours is."""
        if not self._load.quiet_load:
            return ""
        path = os.path.join(self._load.run_dir, f"load-{os.getpid()}.log")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.close(descriptor)
        return path

    def _load_suite(self, log: str) -> tuple[Loaded | LoadError, bytes]:
        # Here, not at the top: importing behave takes 70 ms, and the coordinator that forks
        # us goes on with its own start meanwhile.
        from surefoot.isolation.directories import Temporary
        from surefoot.worker.telemetry import LoadTelemetry

        started = time.monotonic()
        load = self._load
        self._temporary = Temporary.now()
        random_state = random.getstate()
        # Loading makes objects that stay: the collector would walk them again and again.
        # Workers have it switched on.
        gc.disable()
        with LoadTelemetry(self._board) as telemetry:
            from surefoot.suite.codecache import CodeCache
            from surefoot.suite.load import Suite, SuiteError, check_formatters, configure
            from surefoot.suite.planning import keep_only, plan

            try:
                with telemetry.timed("behave's configuration"):
                    config = self._configured(configure, load)
                    check_formatters(config)
                    cache = CodeCache(load.code_cache)
                    suite = Suite(config, own_display=load.own_display, code_cache=cache)
                if load.settings.sleep_watch:
                    from surefoot.clock import caps

                    caps.watch()
                for number, module in enumerate(load.preload, 1):
                    # The number tells the coordinator whose deadline it is.
                    self._board.unit(number)
                    with telemetry.timed(module):
                        _preload(module)
                self._board.unit(0)
                suite.load(telemetry.timed)
                if load.settings.guards:
                    _put_up_guards(load.settings)
                self._planned = plan(suite.features, config)
                _check_exploring(self._planned, load.settings)
                if load.last_failed is not None:
                    suite.features = keep_only(suite.features, self._planned, load.last_failed)
                    suite.runner.features = suite.features
                    self._planned = plan(suite.features, config)
            except SuiteError as error:
                if error.kind == "done":
                    # behave's answer to --version, --tags-help and the like.
                    return LoadError("done", self._load_output(log), error.code), b""
                return LoadError(error.kind, self._with_output(str(error), log), error.code), b""
        self._suite = suite
        if random.getstate() != random_state:
            # The suite seeded the generator. random re-seeds itself in forked children.
            self._seeded_state = random.getstate()
        self._board.at(Place.IDLE)
        self._load_text = self._load_output(log)
        notes = [f"note: {notice}" for notice in suite.notices]
        from surefoot.modelled.namespaces import know_hooks

        know_hooks(suite.runner)
        findings = []
        if load.settings.sleep_watch:
            from surefoot.worker import time_tools

            findings = time_tools.at_load(suite.runner, suite.registry)
        return (
            Loaded(
                seconds=time.monotonic() - started,
                step_definitions=sum(len(steps) for steps in suite.registry.steps.values()),
                features=self._planned if load.plan else [],
                facts=_facts(suite),
                slowest_imports=telemetry.slowest(),
                python_threads=telemetry.python_threads(),
                native_threads=telemetry.native_threads(),
                output=self._load_text,
                notices=notes,
                findings=findings,
            ),
            b"",
        )

    def _configured(self, configure: Any, load: Load) -> Any:
        if load.inherited_config and _inherited is not None:
            return _inherited
        config = configure(load.behave_args)
        if load.tree is not None:
            config.paths = [
                path.replace(load.tree.original, load.tree.copy, 1)
                if path.startswith(load.tree.original)
                else path
                for path in config.paths
            ]
            from surefoot.suite.load import share_live_outputs

            share_live_outputs(config, load.tree.copy, load.tree.original)
        return config

    def _to_terminal(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self._terminal[0], 1)
        os.dup2(self._terminal[1], 2)

    def _load_output(self, log: str) -> str:
        if not log:
            return ""
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            with open(log, "rb") as file:
                return file.read(1 << 20).decode("utf-8", "replace")
        except OSError:
            return ""

    def _with_output(self, message: str, log: str) -> str:
        output = self._load_output(log).strip()
        return f"{message}\nWhat loading printed:\n{output}" if output else message

    # -- serving

    def _serve(self) -> int:
        channel = self._channel
        while True:
            waiting: list[Any] = [channel, *self._handles.values()]
            # Without pidfds (other systems) children are looked for fifty times a second.
            timeout = None if len(self._handles) == len(self._children) else 0.02
            try:
                ready, _, _ = select.select(waiting, [], [], timeout)
            except InterruptedError:
                continue
            try:
                # A child's end is told before anything else is done for the coordinator.
                self._reap()
                # A frame that came with the one before makes no socket ready.
                waits = channel in ready
                while waits:
                    if not self._answer():
                        return 0
                    waits = channel.buffered()
            except ConnectionLostError:
                self._end_children()
                return 1

    def _answer(self) -> bool:
        message, _, descriptors = self._channel.receive_with_descriptors()
        if isinstance(message, Fork):
            self._fork_worker(message, descriptors[0])
        elif isinstance(message, Become):
            self._become_worker(message, descriptors[0])
        elif isinstance(message, ForkReplayer):
            self._fork_replayer(message, descriptors[0])
        elif isinstance(message, Describe):
            self._describe(message.feature)
        elif isinstance(message, Quit):
            self._end_children()
            return False
        return True

    def _fork_worker(self, message: Fork, descriptor: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            # Where the coordinator looks for a worker's stacks, until there are any.
            path = os.path.join(self._load.run_dir, f"stacks-w{message.worker}.txt")
            failure = open(path, "w", encoding="utf-8")  # noqa: SIM115  # the process ends
            try:
                self._child(parent)
                if message.tree is not None:
                    from surefoot.worker.private_tree import enter

                    enter(message.tree, self._outside_trees())
                self._host(message.worker, message.workers, message.board, descriptor)
            except BaseException:  # nothing of the zygote may run in the child
                import traceback

                traceback.print_exc(file=failure)
                failure.flush()
                os._exit(70)
        os.close(descriptor)
        self._forked(pid, message.worker)

    def _outside_trees(self) -> list[str]:
        """Return the directories that workers share although their trees are private."""
        from surefoot.isolation.template import kept_templates
        from surefoot.suite.load import live_outputs

        run_dir = self._load.run_dir
        templates = kept_templates(run_dir)
        with contextlib.suppress(OSError):
            os.makedirs(templates, exist_ok=True)
        paths = [path for path in (run_dir, self._load.scratch, templates) if os.path.isdir(path)]
        for path in live_outputs(self._suite.config):
            os.makedirs(path, exist_ok=True)
            paths.append(path)
        return paths

    def _forked(self, pid: int, worker: int) -> None:
        # Both sides set the group: whoever comes first, it is there before it is needed.
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self._children[pid] = worker
        if hasattr(os, "pidfd_open"):
            try:
                self._handles[pid] = os.pidfd_open(pid)
            except OSError:
                self._handles.pop(pid, None)
        self._channel.send(Forked(worker, pid))

    def _child(self, parent: int) -> None:
        """Make a forked child a process of its own."""
        os.setpgid(0, 0)
        native.die_with_parent(parent)
        self._channel.close()
        for handle in self._handles.values():
            os.close(handle)
        _empty_stdin()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        gc.enable()
        if self._seeded_state is not None:
            random.setstate(self._seeded_state)

    def _host(self, worker: int, workers: int, board: str, descriptor: int) -> NoReturn:
        import atexit
        import socket

        from surefoot.isolation import directories, scope
        from surefoot.worker.faults import StackFile
        from surefoot.worker.host import Host

        load = self._load
        if self._children or worker >= 0:
            # Handlers registered while loading belong to the zygote, which runs them once.
            atexit._clear()
        for stream in self._terminal:
            os.close(stream)
        os.environ["SUREFOOT_WORKER"] = str(worker)
        os.environ["SUREFOOT_WORKERS"] = str(workers)
        os.environ["SUREFOOT_RUN"] = run = os.path.basename(load.run_dir)
        scope.stand(scope.Place(run, load.run_dir, worker))
        if load.scratch:
            chosen = self._temporary.chosen_since(os.path.dirname(load.scratch))
            directories.enter(load.scratch, worker, private=load.private_tmp and not chosen)
        stacks = StackFile(os.path.join(load.run_dir, f"stacks-w{worker}.txt"))
        stacks.install()
        channel = Channel(socket.socket(fileno=descriptor))
        Host(channel, self._suite, self._planned, load, worker, Board.open(board), stacks).run()
        stacks.leave(0)

    def _become_worker(self, message: Become, descriptor: int) -> NoReturn:
        self._channel.close()
        _empty_stdin()
        gc.enable()
        self._host(message.worker, message.workers, message.board, descriptor)

    def _fork_replayer(self, message: ForkReplayer, descriptor: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        if message.become:
            self._channel.close()
            _empty_stdin()
            self._replay(message.journal, descriptor)
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            try:
                self._child(parent)
            except OSError:
                os._exit(70)
            self._replay(message.journal, descriptor)
        os.close(descriptor)
        self._forked(pid, -1)

    def _replay(self, journal: str, descriptor: int) -> NoReturn:
        import atexit
        import socket

        code = 70
        try:
            self._to_terminal()
            atexit._clear()
            from surefoot.report.behave_formatters import replay_process

            replay_process(
                Channel(socket.socket(fileno=descriptor)), self._suite, journal, self._load_text
            )
            code = 0
        except BaseException:  # nothing of the zygote may run here
            import traceback

            traceback.print_exc()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            worker = self._children.pop(pid, None)
            handle = self._handles.pop(pid, None)
            if handle is not None:
                os.close(handle)
            if worker is not None:
                self._channel.send(Exited(worker, pid, status))

    def _end_children(self) -> None:
        for pid in list(self._children):
            try:
                os.killpg(pid, signal.SIGKILL)
            except OSError:
                continue

    def _describe(self, index: int) -> None:
        """Send the records of a feature as it was parsed: nothing of it ran."""
        from surefoot.suite import encode

        feature = self._suite.features[index]
        planned = self._planned[index].scenarios
        lines = []
        for ordinal, (path, scenario, _) in enumerate(encode.walk(feature)):
            record = encode.scenario(scenario, path, feature.filename)
            lines.append(
                _ENCODER.encode(
                    ScenarioFinished(
                        feature=index,
                        id=planned[ordinal].id,
                        attempt=0,
                        worker=-1,
                        outcome=Outcome.UNTESTED,
                        started=0.0,
                        seconds=0.0,
                        record=record,
                    )
                )
            )
        whole = encode.feature(feature)
        lines.append(
            _ENCODER.encode(
                FeatureFinished(
                    feature=index,
                    attempt=0,
                    worker=-1,
                    complete=False,
                    failed=False,
                    hook_failures=0,
                    record=whole,
                )
            )
        )
        self._channel.send(Describe(index), b"\n".join(lines))


# Set by `behave --runner=surefoot:Runner`, whose process has a configuration already.
_inherited: Any = None


def inherit_config(config: Any) -> None:
    """Make the zygote that is forked from this process use behave's configuration as it is."""
    global _inherited  # noqa: PLW0603  # handed over by fork
    _inherited = config


def _put_up_guards(settings: Settings) -> None:
    from surefoot.suite.load import SuiteError
    from surefoot.threads.declared import put_up
    from surefoot.threads.guard import GuardError

    try:
        put_up(settings.guards)
    except GuardError as error:
        raise SuiteError("usage", str(error)) from None


def _check_exploring(planned: list[PlannedFeature], settings: Settings) -> None:
    tags = {tag for feature in planned for item in feature.scenarios for tag in item.tags}
    tags = {tag for tag in tags if tag.startswith("explore")}
    if not tags and not settings.explore_packages:
        return
    from surefoot.errors import UserError
    from surefoot.suite.load import SuiteError
    from surefoot.worker.exploring import check_asked

    try:
        check_asked(tags, settings.explore_packages)
    except UserError as error:
        raise SuiteError("usage", str(error)) from None


def _preload(module: str) -> None:
    import importlib

    from surefoot.suite.load import SuiteError

    # behave puts the working directory on the path when it loads the suite, which is later. A
    # module that the suite can import must be found here as well.
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        importlib.import_module(module)
    except Exception as error:
        raise SuiteError(
            "load", f"--preload {module} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    finally:
        # Only ours: what the module itself put there stays.
        if here in sys.path:
            sys.path.remove(here)


def _empty_stdin() -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.dup2(descriptor, 0)
    os.close(descriptor)


def _facts(suite: Any) -> SuiteFacts:
    from behave.reporter.summary import AbstractSummaryReporter
    from behave.version import VERSION

    from surefoot.suite.load import formatter_class, is_live, terminal_formatter

    config = suite.config
    formats = []
    live = []
    for index, name in enumerate(config.format or []):
        opener = config.outputs[index] if index < len(config.outputs) else None
        where = opener.name if opener is not None and opener.name else "standard output"
        if is_live(formatter_class(name)):
            live.append(f"{name} -> {where}")
        elif name != "null":
            formats.append(f"{name} -> {where}")
    reporters = any(
        not isinstance(reporter, AbstractSummaryReporter) for reporter in config.reporters
    )
    return SuiteFacts(
        behave=str(VERSION),
        base_dir=str(suite.runner.base_dir),
        stop=bool(config.stop),
        dry_run=bool(config.dry_run),
        show_snippets=bool(config.show_snippets),
        color=bool(config.has_colored_mode()),
        formats=formats,
        reporters=reporters or bool(config.reporters and terminal_formatter(config)),
        terminal_formatter=terminal_formatter(config),
        live_formatters=live,
        junit_directory=str(config.junit_directory) if config.junit else "",
    )
