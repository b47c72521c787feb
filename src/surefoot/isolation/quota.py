"""How many CPUs this process may really use, and how many workers that makes.

`os.cpu_count()` is the machine's number; in a container it is often ten times what the
process may use. Reads files only; everything below takes the root they are read from, so
that a made-up tree can stand in for /proc and /sys. May not change an affinity or a cgroup.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

CI_CAP = 16
"""Workers at most by default in CI: hosts there often show more CPUs than they grant."""


@dataclass(frozen=True, slots=True)
class CpuQuota:
    """What the process may use."""

    cpus: float
    """In CPUs; a cgroup may grant a fraction, such as 1.5."""
    source: str
    """What set it, as a person would look it up."""


@dataclass(frozen=True, slots=True)
class _Mount:
    """One cgroup hierarchy as it is mounted here."""

    inner: str
    """The part of the hierarchy that is mounted: `/` but in some containers."""
    point: str
    version: int


def cpu_quota(root: str = "/", allowed: int | None = None) -> CpuQuota:
    """Return the tightest of the affinity and the cgroups' CPU quotas.

    `allowed` is the number of CPUs the process may be scheduled on, asked of the system when
    it is None. Sources: sched_setaffinity(2), cgroups(7), and in the kernel's documentation
    `cgroup-v2` (cpu.max) and `sched-bwc` (cpu.cfs_quota_us).
    """
    by_affinity = _affinity(allowed)
    by_cgroup = cgroup_quota(root)
    if by_cgroup is not None and by_cgroup.cpus < by_affinity.cpus:
        return by_cgroup
    return by_affinity


def default_jobs(quota: CpuQuota, units: int, ci: bool) -> int:
    """Return how many workers to start when nobody said.

    Whole CPUs of the quota (1.5 makes 1: half a CPU more makes two workers slower than one
    is), capped at `CI_CAP` in CI, never more than there are units, and at least 1.
    """
    jobs = math.floor(quota.cpus)
    if ci:
        jobs = min(jobs, CI_CAP)
    return max(1, min(jobs, units))


def crowding(quota: CpuQuota, jobs: int) -> str:
    """Return what is to be said of a number of workers that somebody fixed; empty for nothing.

    More workers than CPUs can be meant, for a suite that waits for others most of the time. So
    it is said only above both the CPUs and what a machine of CI is assumed to bear.
    """
    if jobs <= max(CI_CAP, quota.cpus):
        return ""
    return (
        f"{jobs} workers share {quota.cpus:g} CPUs ({quota.source}): they wait for each other and"
        f" for the disk, and deadlines within the suite pass early; leave it to --jobs auto, or"
        f" cap it at {CI_CAP}"
    )


def cgroup_quota(root: str = "/") -> CpuQuota | None:
    """Return the tightest CPU quota of the process's cgroups, or None when none is set.

    A limit on any ancestor holds for all below it, so each level up to the mount is read.
    """
    tightest: CpuQuota | None = None
    for mount, directory in _cgroup_directories(root):
        at = os.path.join(root, directory.lstrip("/"))
        quota = _cpu_max(at) if mount.version == 2 else _cfs_quota(at)
        if quota is None:
            continue
        if tightest is None or quota < tightest.cpus:
            name = "cpu.max" if mount.version == 2 else "cpu.cfs_quota_us"
            tightest = CpuQuota(quota, f"cgroup v{mount.version}, {directory}/{name}")
    return tightest


def _affinity(allowed: int | None) -> CpuQuota:
    count = os.cpu_count() or 1
    if allowed is None:
        try:
            allowed = len(os.sched_getaffinity(0))
        except (AttributeError, OSError):
            return CpuQuota(float(count), "os.cpu_count, since no affinity can be read")
    if allowed < count:
        return CpuQuota(float(allowed), f"affinity ({allowed} of {count} CPUs)")
    return CpuQuota(float(allowed), "affinity (all CPUs)")


def _cgroup_directories(root: str) -> Iterator[tuple[_Mount, str]]:
    """Yield each directory that may hold a quota for this process, deepest first."""
    mounts = _mounts(root)
    for line in _read(root, "proc/self/cgroup").splitlines():
        # "5:cpu,cpuacct:/path" in version 1, "0::/path" in version 2; a path may hold ":".
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            version = 2
        elif "cpu" in controllers.split(","):
            version = 1
        else:
            continue
        for mount in mounts:
            if mount.version == version:
                for directory in _upwards(mount, path):
                    yield mount, directory


def _upwards(mount: _Mount, path: str) -> Iterator[str]:
    """Yield the directories from the process's own cgroup up to the mount point.

    In a container without its own cgroup namespace the path is the host's, and the mount
    shows the part of it that belongs to the container. A path outside of what is mounted
    (it starts with `/..` then) leaves the mount point, which still binds.
    """
    inner = mount.inner.rstrip("/")
    below = path.removeprefix(inner) if (path + "/").startswith(inner + "/") else ""
    parts = [part for part in below.split("/") if part]
    if ".." in parts:
        parts = []
    for depth in range(len(parts), -1, -1):
        yield "/".join([mount.point.rstrip("/"), *parts[:depth]])


def _mounts(root: str) -> tuple[_Mount, ...]:
    """Return the cgroup hierarchies that can hold a CPU quota; see proc_pid_mountinfo(5)."""
    found = []
    for line in _read(root, "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        inner, point = _unescaped(fields[3]), _unescaped(fields[4])
        if kind[0] == "cgroup2":
            found.append(_Mount(inner, point, 2))
        elif kind[0] == "cgroup" and "cpu" in kind[2].split(","):
            found.append(_Mount(inner, point, 1))
    if found:
        return tuple(found)
    return (
        _Mount("/", "/sys/fs/cgroup", 2),
        _Mount("/", "/sys/fs/cgroup/cpu", 1),
    )


def _unescaped(path: str) -> str:
    """Undo the kernel's octal escapes of space, tab, newline and backslash."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        path = path.replace(code, char)
    return path


def _cpu_max(directory: str) -> float | None:
    """Read `cpu.max`: "max 100000" (none) or "150000 100000" (quota and period, in µs)."""
    quota, _, period = _read(directory, "cpu.max").strip().partition(" ")
    return _cpus(quota, period or "100000")


def _cfs_quota(directory: str) -> float | None:
    """Read the two files of version 1; a quota of -1 is none."""
    quota = _read(directory, "cpu.cfs_quota_us").strip()
    return _cpus(quota, _read(directory, "cpu.cfs_period_us").strip() or "100000")


def _cpus(quota: str, period: str) -> float | None:
    try:
        cpus = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return cpus if cpus > 0 else None


def _read(directory: str, name: str) -> str:
    """Return a file's text; empty when it cannot be read, since any of them may be absent."""
    try:
        with open(os.path.join(directory, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
