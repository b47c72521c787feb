"""From a red CI to an issue: logs are read, judged, clustered, and one report is written.

It works from logs alone. No module of this room starts a run or imports the suite.
"""
