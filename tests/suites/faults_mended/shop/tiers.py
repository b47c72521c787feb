import functools
import threading
import time


class TierService:
    def __init__(self):
        self._lock = threading.Lock()
        self._hot = {}
        self._cold = {}

    def promote(self, key):
        with self._lock:
            self._hot[key] = self._cold.pop(key)


@functools.cache
def levels():
    time.sleep(0.01)
    return {}
