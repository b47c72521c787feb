"""What there is to run: loading as behave does, the indexed step registry, plans, codecs.

Imports behave; runs in processes that may run user code, never in the coordinator.
"""
