"""Copies of random trees: a copy is the same, and what was written in it is found, all of it."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.isolation.copyplan import link_target, planned_link
from surefoot.isolation.tree import copy_tree, plan_copy, remove_tree, written

LEFT_OUT = {".", "..", "node_modules", "pyvenv.cfg", ".git", ".hg", ".surefoot"}
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6
).filter(lambda name: name not in LEFT_OUT)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=40) | st.none() | PATHS, max_size=12)
"""A path's content: bytes of a file, None for a directory, a string for a link's target."""
MODES = st.sampled_from([0o644, 0o600, 0o755, 0o444])


def build(root: Path, tree: dict[str, bytes | str | None], mode: int) -> None:
    """Make what can be made; a path below a file or a link is left out."""
    root.mkdir()
    for name, content in tree.items():
        path = root / name
        above = [parent for parent in path.parents if parent.is_relative_to(root)]
        if os.path.lexists(path) or any(not p.is_dir() or p.is_symlink() for p in above if
                                        os.path.lexists(p)):  # fmt: skip
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir()
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)
            path.chmod(mode)


def listing(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for at, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = Path(at) / name
            status = path.lstat()
            if path.is_symlink():
                content: object = os.readlink(path)
            elif path.is_dir():
                content = None
            else:
                content = path.read_bytes()
            time = None if path.is_symlink() else status.st_mtime_ns
            found[str(path.relative_to(root))] = (content, status.st_mode, time)
    return found


@settings(max_examples=60, deadline=None)
@given(tree=TREES, mode=MODES)
def test_a_copy_is_the_same_and_nothing_was_written(
    tree: dict[str, bytes | str | None], mode: int
) -> None:
    with tempfile.TemporaryDirectory() as base:
        root, copy = Path(base) / "root", Path(base) / "copy"
        build(root, tree, mode)
        planned = plan_copy(str(root), 10_000)
        assert copy_tree(planned, str(copy)) == planned
        assert planned.total == sum(len(b) for b, *_ in listing(root).values()
                                    if isinstance(b, bytes))  # fmt: skip
        assert listing(copy) == listing(root)
        assert written(planned, str(copy)) == []
        remove_tree(str(copy))
        assert not copy.exists()


@settings(max_examples=60, deadline=None)
@given(tree=TREES, data=st.data())
def test_what_was_written_is_found(
    tree: dict[str, bytes | str | None], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as base:
        root, copy = Path(base) / "root", Path(base) / "copy"
        build(root, tree, 0o644)
        planned = copy_tree(plan_copy(str(root), 10_000), str(copy))
        paths = [file.path for file in planned.files]
        changed = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
        removed = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
        for path in changed:
            content = (copy / path).read_bytes()
            (copy / path).write_bytes(bytes(reversed(content)))
        for path in removed:
            (copy / path).unlink()
        (copy / "new in the copy").touch()
        assert written(planned, str(copy)) == sorted({*changed, *removed, "new in the copy"})
        assert {p: c for p, (c, *_) in listing(root).items() if p in paths} == {
            path: tree[path] for path in paths
        }


@settings(max_examples=300, deadline=None)
@given(
    path=st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map("/".join),
    target=st.lists(st.sampled_from(["..", ".", "a", "root", "out"]), min_size=1, max_size=6),
    absolute=st.booleans(),
)
def test_a_link_leads_to_the_same_place_in_the_copy(
    path: str, target: list[str], absolute: bool
) -> None:
    """Inside leads inside, outside leads outside; on paths that need not exist."""
    root, copy = "/nowhere/base/root", "/nowhere/else/copy"
    text = "/".join(target)
    if absolute:
        text = f"/nowhere/base/{text}"
    link = planned_link(root, path, text)

    def led(at: str, held: str) -> str:
        return os.path.normpath(os.path.join(at, os.path.dirname(path), held))

    before = led(root, text)
    after = led(copy, link_target(link, copy))
    if before == root or before.startswith(root + "/"):
        assert after == copy + before.removeprefix(root)
    else:
        assert after == before
