"""Forges over their HTTP APIs: runs, jobs, logs and issues. The only room that speaks HTTP."""
