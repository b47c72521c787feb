"""Runs chosen scenarios of a feature, with the hooks of the feature and rules around them.

Follows behave 1.3's `ScenarioContainer.run` step by step, for a part of its items. The other
scenarios keep the state they have and are not announced; the feature's status while its after
hooks run is that of the chosen ones.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from behave.model import Feature, Rule, ScenarioOutline
from behave.model_type import Status

from surefoot.model.scenarios import ScenarioPath
from surefoot.suite import encode


class PartialResult(msgspec.Struct, frozen=True):
    """`changed`: hooks changed which scenarios there are, so the paths mean nothing now."""

    failed: bool
    changed: bool = False
    status: str = "passed"


class PartialRun:
    """Remembers how features were before their first part ran in this worker."""

    def __init__(self) -> None:
        self._initial: dict[int, tuple[Any, bool, str | None, list[Any]]] = {}
        self._steady: set[int] = set()
        """Features whose hooks have been seen to leave their scenarios as they are."""

    def run(
        self,
        runner: Any,
        feature: Feature,
        paths: Sequence[ScenarioPath],
        others: frozenset[ScenarioPath] | None = None,
    ) -> PartialResult:
        """Run the scenarios at `paths`, in file order.

        With `others` (what other units run) all the rest of the feature is gone through as
        well, as behave does with scenarios that are not selected.
        """
        self._restore(feature, paths)
        for formatter in runner.formatters:
            formatter.uri(feature.filename)
        # Looking at all scenarios for each one would be quadratic: once a worker is enough.
        shape = None if id(feature) in self._steady else _shape(feature)
        part = _Part(runner, feature, sorted(paths), shape, others)
        failed = part.run()
        if not part.changed:
            self._steady.add(id(feature))
        return PartialResult(failed, part.changed, part.status.name)

    def _restore(self, feature: Feature, paths: Sequence[ScenarioPath]) -> None:
        """Undo what an earlier part of the same feature left on the model in this worker."""
        # Rules are all gone through with the rest of a feature; there are few.
        elements: dict[int, Any] = {id(item): item for item in [feature, *feature.rules]}
        for path in paths:
            element: Any = feature
            for index in path:
                element = (
                    element.scenarios[index]
                    if isinstance(element, ScenarioOutline)
                    else element.run_items[index]
                )
            elements[id(element)] = element
        for element in elements.values():
            known = self._initial.get(id(element))
            if known is None:
                self._initial[id(element)] = (
                    element,
                    element.should_skip,
                    element.skip_reason,
                    list(element.tags),
                )
                continue
            _, element.should_skip, element.skip_reason, tags = known
            element.tags[:] = tags
            element.captured.reset()
            element.error_message = element.exception = element.exc_traceback = None
            element.hook_failed = False
            # Wrapped by a formatter or a hook (allure, autoretry), which will do so again.
            element.__dict__.pop("run", None)


class _Part:
    def __init__(
        self,
        runner: Any,
        feature: Feature,
        paths: list[ScenarioPath],
        shape: list[ScenarioPath] | None,
        others: frozenset[ScenarioPath] | None,
    ) -> None:
        self._others = others
        self._runner = runner
        self._feature = feature
        self._paths = paths
        self._shape = shape
        self.changed = False
        self.status = Status.passed

    def run(self) -> bool:
        failed = self._container(self._feature, self._paths, ())
        self.status = self._feature.status
        return failed

    def _container(self, entity: Any, paths: list[ScenarioPath], place: ScenarioPath) -> bool:
        runner = self._runner
        context = runner.context
        kind = entity.type
        entity.clear_status()
        entity.hook_failed = False
        context._push(layer=kind)
        context.tags = set(entity.tags)
        entity._setup_context_for_run(context)
        skip_untested = runner.aborted
        should_run = entity.should_run(runner.config)
        failed_count = 0
        hooks_called = False
        announced = should_run or runner.config.show_skipped
        if announced:
            for formatter in runner.formatters:
                call = getattr(formatter, kind, None)
                if call:
                    call(entity)
            if entity.background:
                for formatter in runner.formatters:
                    formatter.background(entity.background)
        if not runner.config.dry_run and should_run:
            hooks_called = True
            runner.run_hook_tags_with_capture(
                "before_tag", entity.tags, capture_sink=entity.capture_sink
            )
            runner.run_hook_with_capture(f"before_{kind}", entity, capture_sink=entity.capture_sink)
            if entity.hook_failed:
                failed_count += 1
            skip_untested = entity.hook_failed or runner.aborted
            should_run = entity.should_run()
        if not place:
            self.changed = self._shape is not None and _shape(self._feature) != self._shape
        statuses: list[Status] = []
        if not skip_untested and not self.changed:
            failed_count += self._items(entity, paths, place, statuses)
        entity.set_status(_status(entity, statuses, should_run=bool(should_run)))
        if hooks_called:
            runner.run_hook_with_capture(f"after_{kind}", entity, capture_sink=entity.capture_sink)
            runner.run_hook_tags_with_capture(
                "after_tag", entity.tags, capture_sink=entity.capture_sink
            )
            if entity.hook_failed:
                entity.set_status(Status.hook_error)
                failed_count += 1
        try:
            context._pop(capture_sink=entity.capture_sink)
        except Exception:  # as behave: any cleanup error
            entity.set_status(Status.cleanup_error)
            failed_count += 1
        if should_run or runner.config.show_skipped:
            name = "eof" if kind == "feature" else f"{kind}_finished"
            for formatter in runner.formatters:
                call = getattr(formatter, name, None)
                if call:
                    call()
        return failed_count > 0

    def _items(
        self,
        entity: Any,
        paths: list[ScenarioPath],
        place: ScenarioPath,
        statuses: list[Status],
    ) -> int:
        runner = self._runner
        failed_count = 0
        depth = len(place)
        for index in self._indexes(entity, paths, depth):
            item = entity.run_items[index]
            path = (*place, index)
            inner = [chosen for chosen in paths if chosen[depth] == index]
            if self._others is not None and _left_out_by_name(item, runner.config):
                item.mark_skipped()
                continue
            if isinstance(item, Rule):
                failed = self._container(item, inner, path)
                if inner:
                    statuses.append(item.status)
            elif isinstance(item, ScenarioOutline):
                failed = self._rows(item, path, [chosen[depth + 1] for chosen in inner], statuses)
            elif self._others is not None and path in self._others:
                continue
            else:
                failed = item.run(runner)
                statuses.append(item.status)
            if failed:
                failed_count += 1
                if runner.config.stop or runner.aborted:
                    break
        return failed_count

    def _indexes(self, entity: Any, paths: list[ScenarioPath], depth: int) -> Iterable[int]:
        if self._others is not None:
            return range(len(entity.run_items))
        return sorted({path[depth] for path in paths})

    def _rows(
        self,
        outline: ScenarioOutline,
        place: ScenarioPath,
        rows: list[int],
        statuses: list[Status],
    ) -> bool:
        runner = self._runner
        failed_count = 0
        if self._others is not None:
            rows = [
                number
                for number in range(len(outline.scenarios))
                if (*place, number) not in self._others
            ]
        for number in rows:
            scenario = outline.scenarios[number]
            runner.context._set_root_attribute("active_outline", scenario._row)
            failed = scenario.run(runner)
            statuses.append(scenario.status)
            if failed:
                failed_count += 1
                if runner.config.stop or runner.aborted:
                    break
        runner.context._set_root_attribute("active_outline", None)
        return failed_count > 0


def _left_out_by_name(item: Any, config: Any) -> bool:
    """The question of `ScenarioContainer.run` about `--name`; rules are not asked."""
    ask = getattr(item, "should_run_with_name_select", None)
    return bool(config.name and ask and not ask(config))


def _shape(feature: Feature) -> list[ScenarioPath]:
    return [path for path, _, _ in encode.walk(feature)]


def _status(entity: Any, statuses: list[Status], *, should_run: bool) -> Status:
    """`ScenarioContainer.compute_status` over the chosen items alone."""
    if entity.hook_failed:
        return Status.hook_error
    if not should_run and not statuses:
        return Status.skipped
    passed = 0
    skipped = True
    for status in statuses:
        if status.is_error():
            return Status.error
        if status.is_failure():
            return Status.failed
        if status == Status.untested:
            return Status.failed if passed else Status.untested
        if status != Status.skipped:
            skipped = False
        if status == Status.passed:
            passed += 1
    if not statuses:
        return Status.untested
    return Status.skipped if skipped else Status.passed
