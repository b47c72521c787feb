"""agents: runs jobs for sessions, keeps their context in tiers, and is extended by commands.

Importing this package imports nothing else of it, and starts nothing.
"""

__version__ = "1.4.0"
