"""Differential comparison of surefoot with plain behave: same suite, same arguments, same answer.

`python -m tests.parity --help` tells how to run it.
"""
