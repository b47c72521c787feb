"""From a forge to logs: runs, jobs, and for each job the first way that leads to its log.

Finished jobs are asked for once: afterwards the cache answers. What could not be had is a line
in the notes and a log of kind `status`, which carries the verdict without text.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Callable

import msgspec

from surefoot.triage.forges.forge import Forge, Given, Way
from surefoot.triage.forges.http import (
    BadAnswerError,
    ForgeError,
    NotOfferedError,
    RefusedError,
    UnreachableError,
)
from surefoot.triage.forges.values import Job, Run, Server
from surefoot.triage.model import Conclusion, Log, LogKind
from surefoot.triage.sources.archives import Archive
from surefoot.triage.sources.cache import MAX_LOG, Cache, Entry, Writer

STATUS = "commit status"
BEYOND = 20
"""Runs before the window that are looked through for passing logs."""
_MAX_ARCHIVE = 2 << 30
_IN_VAIN = {RefusedError: 2, NotOfferedError: 25}
"""Jobs in a row that a way was shut for, or did not have, before it is left alone for the rest."""


class Fetched(msgspec.Struct):
    """What a forge gave."""

    server: Server
    runs: list[Run] = []
    logs: list[Log] = []
    beyond: list[Log] = []
    """Passing logs from before the window, of jobs that have none in it: to compare with, and in
    no rate."""
    notes: list[str] = []
    steps: dict[str, int] = {}
    """How many logs came by which way."""


class Fetch:
    """One fetch from one forge into one cache."""

    def __init__(self, forge: Forge, cache: Cache, say: Callable[[str], None]) -> None:
        self._forge = forge
        self._cache = cache
        self._say = say
        self._vain: dict[str, float] = {way.name: 0.0 for way in forge.ways()}
        self._notes: list[str] = []

    def fetch(self, since: float | None, limit: int, branch: str = "") -> Fetched:
        """Return runs and logs. Raises UnreachableError and RefusedError when there is nothing
        to be had at all."""
        server = self._forge.probe()
        result = Fetched(server)
        listed = self._forge.runs(since, limit)
        result.runs = [run for run in listed if not branch or run.branch == branch]
        taken: Counter[str] = Counter()
        for at, run in enumerate(result.runs, start=1):
            self._say(f"run {run.number or run.id} ({at} of {len(result.runs)})")
            for job in self._jobs(run):
                log = self._log(run, job)
                if log is not None:
                    result.logs.append(log)
                    taken[log.source] += 1
        result.logs = _unique(result.logs)
        result.beyond = self._before(listed, result.logs)
        result.steps = dict(taken.most_common())
        result.notes = [*self._forge.notes, *_counted(self._notes)]
        if self._cache.note:
            result.notes.append(self._cache.note)
        return result

    def _before(self, listed: list[Run], logs: list[Log]) -> list[Log]:
        """Return the latest passing log from before the window of each job that has none in it."""
        green = {_job(log) for log in logs if log.conclusion is Conclusion.SUCCESS and log.path}
        red = [log for log in logs if log.conclusion.is_red and log.path and _job(log) not in green]
        wanted = {_job(log) for log in red}
        if not wanted:
            return []
        known = {run.key for run in listed}
        try:
            older = [
                run
                for run in self._forge.runs(None, len(listed) + BEYOND)
                if run.key not in known and run.conclusion is not Conclusion.RUNNING
            ]
        except UnreachableError:
            raise
        except ForgeError as error:
            self._notes.append(f"runs before the window could not be had: {error}")
            return []
        branches = {log.branch for log in red}
        # Those of a branch that is red come first: they differ least from it.
        older = sorted(older[:BEYOND], key=lambda run: run.branch not in branches)
        found: list[Log] = []
        for run in older:
            if not wanted:
                break
            for job in self._jobs(run):
                if job.conclusion is Conclusion.SUCCESS and (run.workflow, job.name) in wanted:
                    log = self._log(run, job)
                    if log is not None and log.path:
                        wanted.discard(_job(log))
                        found.append(log)
        if found:
            self._notes.append(
                f"{len(found)} jobs have no passing log in the window; an older one is compared"
                " with"
            )
        return found

    def _jobs(self, run: Run) -> list[Job]:
        key = f"jobs 1 {self._forge.web} {run.key} {run.attempt} {run.ended}"
        done = run.conclusion not in {Conclusion.RUNNING, Conclusion.UNKNOWN}
        known = self._cache.get(key, list[Job]) if done and run.ended else None
        if known is not None:
            return known
        try:
            jobs = self._forge.jobs(run)
        except UnreachableError:
            raise
        except ForgeError as error:
            self._notes.append(f"jobs of run {run.number or run.id} could not be had: {error}")
            return []
        if done and run.ended and all(job.conclusion is not Conclusion.RUNNING for job in jobs):
            self._cache.put(key, jobs)
        return jobs

    def _log(self, run: Run, job: Job) -> Log | None:
        name = f"run {run.number or run.id}/{job.name}"
        if job.attempt > 1:
            name += f" attempt {job.attempt}"
        log = Log(
            name=name,
            kind=LogKind.STATUS,
            source=STATUS,
            url=job.url or run.url,
            run=run.key,
            number=run.number,
            attempt=job.attempt,
            job=job.name,
            workflow=run.workflow,
            event=run.event,
            branch=run.branch,
            commit=run.commit,
            conclusion=job.conclusion,
            started=job.started,
            ended=job.ended,
            needs=job.needs,
        )
        if job.conclusion in {Conclusion.RUNNING, Conclusion.SKIPPED}:
            return log
        key = f"log 1 {self._forge.web} {run.key} {job.attempt} {job.id} {job.name}"
        entry = self._cache.entry(key)
        if entry is None:
            entry = self._try(run, job, name)
            if entry.digest:
                # What could not be had today may be there tomorrow: only what was had is kept.
                self._cache.put(key, entry)
        if not entry.digest:
            return msgspec.structs.replace(log, note="; ".join(entry.tried)[:1000])
        return msgspec.structs.replace(
            log,
            path=self._cache.path(entry.digest),
            kind=LogKind.TEXT,
            source=entry.step,
            size=entry.size,
            note=entry.note,
        )

    def _try(self, run: Run, job: Job, name: str) -> Entry:
        tried: list[str] = []
        for way in self._forge.ways():
            if self._vain.setdefault(way.name, 0.0) >= 1:
                tried.append(f"{way.name}: it led nowhere for the jobs before")
                continue
            try:
                entry = self._take(way, run, job)
            except UnreachableError:
                raise
            except (NotOfferedError, RefusedError, BadAnswerError) as error:
                tried.append(f"{way.name}: {error}")
                self._notes.append(f"{way.name} does not lead to logs: {_reason(error)}")
                limit = _IN_VAIN.get(type(error))
                if limit is not None:
                    self._vain[way.name] += 1 / limit
                continue
            self._vain[way.name] = 0.0
            if entry.note:
                self._notes.append(f"{name}: {entry.note}")
            return msgspec.structs.replace(entry, tried=tuple(tried))
        return Entry(tried=tuple(tried))

    def _take(self, way: Way, run: Run, job: Job) -> Entry:
        writer = self._cache.writer()
        try:
            with tempfile.TemporaryFile(dir=os.path.join(self._cache.directory, "blobs")) as packed:
                head = bytearray()
                size = 0

                def write(block: bytes) -> None:
                    # Whether it is an archive is known once the way has been gone.
                    nonlocal size
                    if len(head) < 4:
                        head.extend(block[:4])
                    size += len(block)
                    if size > max(MAX_LOG, _MAX_ARCHIVE):
                        raise BadAnswerError(f"more than {size - 1:,} bytes")
                    if bytes(head[:2]) == b"PK":
                        packed.write(block)
                    else:
                        writer.write(block)

                given = way.fetch(run, job, write)
                note = given.note
                if given.archive:
                    packed.seek(0)
                    note = self._unpack(Archive(packed, way.name), given, writer) or note
                elif bytes(head[:2]) == b"PK":
                    # A log that only begins like an archive.
                    packed.seek(0)
                    for block in iter(lambda: packed.read(1 << 16), b""):
                        writer.write(block)
            if not writer.size:
                raise NotOfferedError(note or "it is empty")
            if writer.cut:
                note = f"cut after {MAX_LOG:,} bytes, the most that is kept"
            return Entry(writer.keep(), way.name, given.size, note)
        except BaseException:
            writer.drop()
            raise

    def _unpack(self, archive: Archive, given: Given, writer: Writer) -> str:
        count = 0
        for member in archive.members(given.wanted):
            count += 1
            if count > 1:
                writer.write(b"\n")
            for block in member.blocks(MAX_LOG - writer.size):
                writer.write(block)
        if not count and not archive.notes:
            raise NotOfferedError("the archive holds no file of this job")
        if not writer.size and archive.notes:
            raise BadAnswerError("; ".join(archive.notes))
        return "; ".join(archive.notes)


def _job(log: Log) -> tuple[str, str]:
    return log.workflow, log.job


def _reason(error: ForgeError) -> str:
    """Return an error without what differs from job to job, so that equal ones can be counted."""
    first, _, rest = str(error).partition(" answers ")
    return f"answers {rest}" if rest else first


def _counted(notes: list[str]) -> list[str]:
    return [
        text if count == 1 else f"{text} ({count} times)" for text, count in Counter(notes).items()
    ]


def _unique(logs: list[Log]) -> list[Log]:
    """Make names unique: two workflows may have a job of one name under one number."""
    counts = Counter(log.name for log in logs)
    seen: Counter[str] = Counter()
    found = []
    for log in logs:
        name = log.name
        if counts[name] > 1:
            seen[name] += 1
            name = f"{name} ({log.workflow or 'workflow'} {seen[name]})"
        found.append(msgspec.structs.replace(log, name=name))
    return found
