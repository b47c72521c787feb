"""Hooks: each scenario has a directory, and a database in it, of its own."""

import tempfile


def before_scenario(context, _scenario):
    folder = tempfile.TemporaryDirectory(prefix="agents-")
    # A cleanup runs also when the scenario fails.
    context.add_cleanup(folder.cleanup)
    context.folder = folder.name
    # No scenario outlives the machine: waiting for its disk would be most of the time.
    url = f"sqlite:///{folder.name}/agents.db?durable=no"
    context.environ = {"AGENTS_DATABASE": url}
    context.container = None
