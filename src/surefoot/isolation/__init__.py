"""Keeps workers and scenarios out of each other's way: directories, watches, quotas, leak checks.

User code imports from here, so nothing here imports the engine, a report or behave.
"""
