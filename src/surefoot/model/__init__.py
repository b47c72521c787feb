"""Frozen values that every room shares: scenarios, units, outcomes. No behaviour, no I/O."""
