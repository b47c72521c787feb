import os

os.environ.setdefault("TEST_PROCESSES", "4")
