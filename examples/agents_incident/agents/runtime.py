"""What is known about the program while it runs."""

import threading

started = threading.Event()
"""Set when the application has been put together."""
