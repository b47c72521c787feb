"""Which touches of two workers are a conflict, and what is said about it."""

from surefoot.isolation.conflicts import Conflict, Conflicts, lock_name, remedy
from surefoot.isolation.watch import Op, Touch


def touch(path: str, *ops: Op) -> list[Touch]:
    return [Touch(path, op) for op in (ops or ("write",))]


def test_two_workers_at_one_path() -> None:
    conflicts = Conflicts()
    assert conflicts.add(1, "a", touch("/p/x", "write", "remove")) == []
    found = conflicts.add(2, "b", touch("/p/x") + touch("/p/y"))
    expected = Conflict("/p/x", (1, "a"), (2, "b"), (("write", "remove"), ("write",)))
    assert found == [expected]
    assert conflicts.kept == (expected,)


def test_one_worker_is_no_conflict() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/x"))
    assert conflicts.add(1, "b", touch("/p/x")) == []


def test_a_retry_in_another_worker_is_no_conflict() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/x"))
    assert conflicts.add(2, "a", touch("/p/x")) == []
    # But a third scenario meets it, in whichever worker.
    assert [c.first for c in conflicts.add(1, "b", touch("/p/x"))] == [(2, "a")]


def test_a_pair_is_reported_once_a_path() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/x") + touch("/p/y"))
    assert len(conflicts.add(2, "b", touch("/p/x"))) == 1
    assert conflicts.add(2, "b", touch("/p/x")) == []
    assert [c.path for c in conflicts.add(2, "b", touch("/p/x") + touch("/p/y"))] == ["/p/y"]
    assert len(conflicts.add(3, "c", touch("/p/x"))) == 1
    assert conflicts.more == 0


def test_the_first_worker_coming_back_meets_the_second() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/x"))
    conflicts.add(2, "b", touch("/p/x"))
    (found,) = conflicts.add(1, "c", touch("/p/x"))
    assert (found.first, found.second) == ((2, "b"), (1, "c"))


def test_a_directory_that_both_made_is_harmless() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/out", "mkdir"))
    assert conflicts.add(2, "b", touch("/p/out", "mkdir")) == []


def test_a_directory_that_one_removed_is_a_conflict() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/out", "mkdir"))
    (found,) = conflicts.add(2, "b", touch("/p/out", "remove", "mkdir"))
    assert found.ops == (("mkdir",), ("remove", "mkdir"))


def test_a_removal_is_not_forgotten_behind_a_harmless_touch() -> None:
    """The first of worker 1 is harmless, the second is what worker 2 must be told of."""
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/out", "mkdir"))
    conflicts.add(1, "b", touch("/p/out", "rmdir"))
    (found,) = conflicts.add(2, "c", touch("/p/out", "mkdir"))
    assert found.first == (1, "b")


def test_a_removal_by_a_third_takes_a_harmless_place() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/out", "mkdir"))
    conflicts.add(2, "b", touch("/p/out", "mkdir"))
    (found,) = conflicts.add(3, "c", touch("/p/out", "rmdir"))
    assert found.second == (3, "c")
    (found,) = conflicts.add(1, "d", touch("/p/out", "mkdir"))
    assert (found.first, found.second) == ((3, "c"), (1, "d"))


def test_touched_shared_knows_both_sides() -> None:
    conflicts = Conflicts()
    conflicts.add(1, "a", touch("/p/x"))
    (found,) = conflicts.add(2, "b", touch("/p/x"))
    assert conflicts.touched_shared("a") == [found]
    assert conflicts.touched_shared("b") == [found]
    assert conflicts.touched_shared("c") == []


def test_what_is_kept_is_bounded_and_the_rest_counted() -> None:
    conflicts = Conflicts(max_kept=2)
    paths = [f"/p/{n}" for n in range(5)]
    conflicts.add(1, "a", [Touch(path, "write") for path in paths])
    assert conflicts.notice == ""
    assert len(conflicts.add(2, "b", [Touch(path, "write") for path in paths])) == 2
    assert len(conflicts.kept) == 2
    assert conflicts.more == 3
    assert conflicts.notice == "3 more conflicts were found than the 2 kept"


def test_paths_are_bounded_and_the_known_ones_still_compared() -> None:
    conflicts = Conflicts(max_paths=2)
    conflicts.add(1, "a", touch("/p/1") + touch("/p/2"))
    assert conflicts.notice == ""
    conflicts.add(1, "a", touch("/p/3"))
    assert "more than 2 paths" in conflicts.notice
    assert [c.path for c in conflicts.add(2, "b", touch("/p/3") + touch("/p/1"))] == ["/p/1"]


def test_the_remedy_names_both_and_what_to_do() -> None:
    conflict = Conflict("/p/out/db.sqlite", (1, "a"), (2, "b"), (("connect",), ("write", "append")))
    assert remedy(conflict, "/p") == (
        "out/db.sqlite was opened as a database by 'a' (worker 1) and written and appended to by "
        "'b' (worker 2); run with --workdir copy, or mark both with @lock:db.sqlite"
    )
    assert remedy(conflict).startswith("/p/out/db.sqlite was")
    assert "--workdir copy, or" in remedy(conflict)


def test_the_remedy_outside_the_project_is_another() -> None:
    conflict = Conflict("/tmp/fixed", (1, "a"), (2, "b"), (("write",), ("rmdir", "remove")))
    text = remedy(conflict, "/p")
    assert "/tmp/fixed was written by" in text
    assert "and removed by" in text
    assert "mark both with @lock:fixed, or take a path of its own" in text
    assert "does not set it apart" in text


def test_lock_names_are_tags() -> None:
    assert lock_name("/p/my file (1).txt") == "my-file--1-.txt"
    assert lock_name("/p/dir/") == "dir"
    assert lock_name("/p/...") == "shared"
