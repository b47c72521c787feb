"""Processes: the zygote, its workers, and the host in them that drives behave."""
