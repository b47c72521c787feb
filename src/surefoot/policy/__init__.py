"""What a suite may be: tag rules, expected failures, infrastructure errors, quarantine.

Judges plain values. Runs nothing, draws nothing, and does not import behave.
"""
