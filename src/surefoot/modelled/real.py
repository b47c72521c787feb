"""The interpreter's own clocks, sleep, locks and thread starts, whatever a suite put over them.

The names of `time` are taken from a second instance of that built-in module, so they are genuine
even where a suite replaced `time.sleep` before this module was imported. The scan of `patches.py`
never touches a module of surefoot, so they stay genuine.
"""

import _imp
import _thread
import select as _select
import sys
import threading
import types
from collections.abc import Callable
from importlib.machinery import BuiltinImporter
from typing import Any


def _genuine_time() -> types.ModuleType:
    spec = BuiltinImporter.find_spec("time")
    if spec is None:  # an interpreter that was built without the built-in module
        return sys.modules["time"]
    module: types.ModuleType = _imp.create_builtin(spec)
    _imp.exec_builtin(module)
    return module


TIME = _genuine_time()
"""A genuine `time` module; not the one in `sys.modules`."""

SYSTEM: dict[str, Any] = dict(vars(sys.modules["time"]))
"""What the names of the `time` module in use were when this module was imported."""

sleep: Callable[[float], None] = TIME.sleep
monotonic: Callable[[], float] = TIME.monotonic
monotonic_ns: Callable[[], int] = TIME.monotonic_ns
time_ns: Callable[[], int] = TIME.time_ns

allocate_lock: Callable[[], Any] = _thread.allocate_lock
start_new_thread: Callable[..., int] = _thread.start_new_thread
start_joinable_thread: Callable[..., Any] | None = getattr(_thread, "start_joinable_thread", None)
"""From Python 3.13; None before."""
thread_join: Callable[..., None] = threading.Thread.join
get_ident: Callable[[], int] = _thread.get_ident
poll: Callable[[], Any] | None = getattr(_select, "poll", None)
select: Callable[..., Any] = _select.select
