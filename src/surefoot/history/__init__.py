"""The store of past runs: how long each scenario takes, and which failed last.

It never decides a result and never fails a run: without a history surefoot only knows less.
"""
