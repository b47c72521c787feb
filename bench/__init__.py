"""Measures surefoot beside plain behave and its parallel runners, as ratios in one run.

Nothing here imports surefoot: every contestant is a command, and is judged by what it prints,
writes and exits with.
"""
