"""Two maps between which items move; once looked at without the lock, once with it."""

import threading


class Tiers:
    def __init__(self):
        self._lock = threading.Lock()
        self.hot = {"item": 1}
        self.cold = {}

    def demote(self, key):
        with self._lock:
            value = self.hot.pop(key)
            self.cold[key] = value

    def holds(self, key):
        return key in self.hot or key in self.cold


class SafeTiers(Tiers):
    def holds(self, key):
        with self._lock:
            return key in self.hot or key in self.cold
