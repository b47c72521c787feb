"""Planning: what is given out at a time, in which order, under which locks.

Decides from values alone: no process, no clock, no file, no behave.
"""
