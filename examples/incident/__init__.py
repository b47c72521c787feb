"""The incident report, held against what surefoot says: `python -m examples.incident`.

Runs the installed command on the suite of the incident, on its healthy twin and on real suites,
and writes docs/incident.md. Knows the report's findings (seed.py) and nothing of how surefoot
finds them.
"""
