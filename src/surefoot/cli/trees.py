"""The private tree of each worker under `--workdir copy`: made before the run, settled after it.

An overlay mount where the kernel allows one, else a copy. What scenarios wrote there is saved
when the run failed, and removed otherwise.
"""

import os
import shutil
from collections.abc import Callable
from typing import Any

from surefoot.cli import rundir
from surefoot.config.settings import Settings
from surefoot.isolation.quota import cpu_quota, default_jobs
from surefoot.worker.protocol import CopyTree


class PrivateTrees:
    """The trees of a run by slot; none until `make`."""

    def __init__(self, settings: Settings, cwd: str, tell: Callable[[str, str], None]) -> None:
        """`tell` takes the code and the text of a notice."""
        self.mounted = False
        """Whether workers can see their tree at the original's path."""
        self._settings = settings
        self._cwd = cwd
        self._tell = tell
        self._trees: dict[int, CopyTree] = {}
        self._plans: dict[int, Any] = {}
        self._base = ""

    def __bool__(self) -> bool:
        return bool(self._trees)

    def of(self, slot: int) -> CopyTree | None:
        """Return the tree of a slot."""
        return self._trees.get(slot)

    def directory(self, slot: int) -> str | None:
        """Return the place in a slot's tree that stands for the working directory."""
        tree = self._trees.get(slot)
        if tree is None:
            return None
        return os.path.join(tree.copy, os.path.relpath(self._cwd, tree.original))

    def make(self) -> None:
        """Make a tree for each worker that there may be. Raises UserError for a giant."""
        import tempfile

        from surefoot.isolation.tree import copy_tree, plan_copy, project_root
        from surefoot.worker.private_tree import can_mount, can_overlay, prepare_overlay

        settings = self._settings
        root = project_root(self._cwd)
        # Not below the root: an overlay's own directories may not lie in what they overlay.
        self._base = base = os.path.realpath(tempfile.mkdtemp(prefix="surefoot-trees-"))
        forks = settings.start_method != "spawn"
        overlay = forks and can_overlay(root, base)
        self.mounted = overlay or (forks and can_mount(base))
        if not overlay:
            plan = plan_copy(root, settings.workdir_limit)
            for note in plan.notes:
                self._tell("workdir", note)
        # How many units there are is not known yet; there are rarely fewer than workers.
        jobs = (
            default_jobs(cpu_quota(), 1 << 30, bool(os.environ.get("CI")))
            if settings.jobs == "auto"
            else settings.jobs
        )
        for slot in range(1, jobs + 1):
            copy = os.path.join(base, f"w{slot}", os.path.basename(root) or "tree")
            tree = CopyTree(copy, root, overlay)
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            if overlay:
                prepare_overlay(tree)
            else:
                self._plans[slot] = copy_tree(plan, copy)
            self._trees[slot] = tree

    def settle(self, run_dir: str, *, keep: bool) -> list[str]:
        """Remove the trees; with `keep` first save what was written, and return where."""
        if not self._trees:
            return []
        from surefoot.isolation.tree import keep_written, remove_tree, written

        kept = []
        for slot, tree in sorted(self._trees.items()):
            if keep:
                target = os.path.join(run_dir, "written", f"w{slot}")
                if tree.overlay:
                    saved = keep_overlay(os.path.join(tree.copy, "upper"), target)
                else:
                    paths = written(self._plans[slot], tree.copy)
                    saved = bool(paths)
                    if saved:
                        keep_written(self._plans[slot], tree.copy, target, paths)
                if saved:
                    kept.append(os.path.relpath(target, self._cwd))
        self._trees.clear()
        remove_tree(self._base)
        return kept


def keep_overlay(upper: str, target: str) -> bool:
    """Save what was written in an overlay; return whether there was anything.

    Removed files appear there as devices, which are left out.
    """
    found = False
    for directory, names, files in os.walk(upper):
        names[:] = [name for name in names if name != rundir.HOME]
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.isfile(path) or name.endswith(".pyc"):
                continue
            place = os.path.join(target, os.path.relpath(path, upper))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copy2(path, place)
            found = True
    return found
