"""Counts; once without a lock, once with it."""

import threading


class Counter:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1


class SafeCounter(Counter):
    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()

    def add(self):
        with self._lock:
            self.n += 1
