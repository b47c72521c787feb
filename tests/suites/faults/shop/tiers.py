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


def _build_map():
    ready = threading.Event()
    ready.wait(0.01)
    time.sleep(0.01)
    return {}


LEVELS = _build_map()
