"""Names by number; once listed as they are, once from a copy made under the lock."""

import threading


class Registry:
    def __init__(self):
        self._lock = threading.Lock()
        self.names = {1: "a", 2: "b", 3: "c"}

    def add(self, number, name):
        with self._lock:
            self.names[number] = name

    def listed(self):
        found = []
        for number in self.names:
            found.append(number)
        return found


class SafeRegistry(Registry):
    def listed(self):
        with self._lock:
            names = list(self.names)
        return [number for number in names]
