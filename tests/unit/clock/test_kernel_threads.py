"""The list of threads is whole, also while threads end."""

import _thread
import threading

import pytest

from surefoot.clock import kernel


@pytest.mark.skipif(not kernel.THREADS, reason="needs /proc")
def test_no_living_thread_is_missing_while_others_end() -> None:
    for _ in range(300):
        locks = []
        for _ in range(6):
            lock = _thread.allocate_lock()
            lock.acquire()
            locks.append(lock)
            _thread.start_new_thread(lock.acquire, ())
        goes_on = threading.Event()
        late = threading.Thread(target=goes_on.wait)
        late.start()
        ender = threading.Thread(target=lambda locks=locks: [lock.release() for lock in locks])
        ender.start()
        missing = [n for n in range(30) if late.native_id not in kernel.threads()]
        ender.join()
        goes_on.set()
        late.join()
        assert not missing
