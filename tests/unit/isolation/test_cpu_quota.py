"""The CPU quota from made-up /proc and /sys trees, as they were seen in real containers."""

import os
from pathlib import Path

import pytest

from surefoot.isolation.quota import CpuQuota, cgroup_quota, cpu_quota, crowding, default_jobs

V2 = "29 23 0:26 {inner} {point} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "31 23 0:27 {inner} {point} rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
OTHER = "32 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


def system(tmp_path: Path, files: dict[str, str]) -> str:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path)


def v2(inner: str = "/", point: str = "/sys/fs/cgroup") -> str:
    return V2.format(inner=inner, point=point)


def v1(inner: str = "/", point: str = "/sys/fs/cgroup/cpu,cpuacct") -> str:
    return V1.format(inner=inner, point=point)


def test_no_cgroup_leaves_the_affinity(tmp_path: Path) -> None:
    assert cgroup_quota(str(tmp_path)) is None
    quota = cpu_quota(str(tmp_path), allowed=1)
    assert quota.cpus == 1.0
    assert quota.source.startswith("affinity")


def test_the_real_system_is_read() -> None:
    quota = cpu_quota()
    assert 0 < quota.cpus <= len(os.sched_getaffinity(0))


def test_without_an_affinity_the_count_of_cpus_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    quota = cpu_quota(str(tmp_path))
    assert quota.cpus == 6.0
    assert "os.cpu_count" in quota.source


def test_a_tighter_affinity_is_named_with_the_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert cpu_quota(str(tmp_path), allowed=4) == CpuQuota(4.0, "affinity (4 of 16 CPUs)")
    assert cpu_quota(str(tmp_path), allowed=16) == CpuQuota(16.0, "affinity (all CPUs)")


def test_version_2_in_a_container(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\n",
            "proc/self/mountinfo": v2(),
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
        },
    )
    quota = cpu_quota(root, allowed=64)
    assert quota == CpuQuota(1.5, "cgroup v2, /sys/fs/cgroup/cpu.max")


def test_version_2_takes_the_tightest_ancestor(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/a.slice/b.service/c\n",
            "proc/self/mountinfo": OTHER + v2(),
            "sys/fs/cgroup/a.slice/cpu.max": "200000 100000\n",
            "sys/fs/cgroup/a.slice/b.service/cpu.max": "max 100000\n",
            "sys/fs/cgroup/a.slice/b.service/c/cpu.max": "300000 100000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(2.0, "cgroup v2, /sys/fs/cgroup/a.slice/cpu.max")


def test_an_affinity_tighter_than_the_cgroup_counts(tmp_path: Path) -> None:
    root = system(
        tmp_path, {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "800000 100000\n"}
    )
    assert cpu_quota(root, allowed=3).cpus == 3.0


def test_version_1_with_its_period(tmp_path: Path) -> None:
    point = "sys/fs/cgroup/cpu,cpuacct"
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "7:memory:/x\n5:cpu,cpuacct:/x\n1:name=systemd:/\n0::/y\n",
            "proc/self/mountinfo": OTHER + v1(),
            f"{point}/x/cpu.cfs_quota_us": "125000\n",
            f"{point}/x/cpu.cfs_period_us": "50000\n",
            f"{point}/cpu.cfs_quota_us": "-1\n",
            f"{point}/cpu.cfs_period_us": "100000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(
        2.5, "cgroup v1, /sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us"
    )


def test_a_container_without_a_cgroup_namespace(tmp_path: Path) -> None:
    """The process's path is the host's; what is mounted is the container's part of it."""
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc/job\n",
            "proc/self/mountinfo": v1(inner="/docker/abc"),
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "400000\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(
        3.0, "cgroup v1, /sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"
    )


@pytest.mark.parametrize("path", ["/../../other", "/docker/abcdef", "/elsewhere"])
def test_a_path_outside_the_mount_leaves_the_mount_point(tmp_path: Path, path: str) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": f"0::{path}\n",
            "proc/self/mountinfo": v2(inner="/docker/abc"),
            "sys/fs/cgroup/cpu.max": "100000 100000\n",
            "sys/fs/cgroup/def/cpu.max": "10000 100000\n",
            "sys/fs/other/cpu.max": "10000 100000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(1.0, "cgroup v2, /sys/fs/cgroup/cpu.max")


def test_a_mount_point_with_a_space(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/a:b\n",
            "proc/self/mountinfo": v2(point="/my\\040groups"),
            "my groups/a:b/cpu.max": "50000 100000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(0.5, "cgroup v2, /my groups/a:b/cpu.max")


def test_both_versions_and_the_tightest_counts(tmp_path: Path) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu:/\n0::/\n",
            "proc/self/mountinfo": v1(point="/sys/fs/cgroup/cpu") + v2(point="/unified"),
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "600000\n",
            "unified/cpu.max": "500000\n",
        },
    )
    assert cgroup_quota(root) == CpuQuota(5.0, "cgroup v2, /unified/cpu.max")


@pytest.mark.parametrize(
    "text", ["", "max", "nonsense 100000", "100000 0", "0 100000", "-1 100000"]
)
def test_what_is_no_quota_is_none(tmp_path: Path, text: str) -> None:
    root = system(
        tmp_path,
        {
            "proc/self/cgroup": "0::/\nbroken line\n",
            "proc/self/mountinfo": "broken\n" + v2(),
            "sys/fs/cgroup/cpu.max": text,
        },
    )
    assert cgroup_quota(root) is None


@pytest.mark.parametrize(
    ("cpus", "units", "ci", "jobs"),
    [
        (8.0, 100, False, 8),
        (8.0, 3, False, 3),
        (64.0, 100, False, 64),
        (64.0, 100, True, 16),
        (64.0, 5, True, 5),
        (1.5, 10, False, 1),
        (3.9, 10, False, 3),
        (0.5, 10, True, 1),
        (4.0, 0, False, 1),
    ],
)
def test_default_jobs(cpus: float, units: int, ci: bool, jobs: int) -> None:
    assert default_jobs(CpuQuota(cpus, "test"), units, ci) == jobs


def test_more_workers_than_cpus_are_told_above_what_ci_bears() -> None:
    quota = CpuQuota(2.0, "affinity (2 of 64 CPUs)")
    assert crowding(quota, 16) == ""
    told = crowding(quota, 32)
    assert "32 workers share 2 CPUs (affinity (2 of 64 CPUs))" in told
    assert "cap it at 16" in told
    assert crowding(CpuQuota(64.0, "affinity (all CPUs)"), 32) == ""
