"""What can be said of a suite without running it: `surefoot check` and the preflight of a run.

Reads files, never imports or executes user code, and does not import behave.
"""
