"""Hooks: each scenario gets a till with a directory of its own."""

import tempfile

from shop.till import Till


def before_scenario(context, _scenario):
    folder = tempfile.TemporaryDirectory(prefix="quickstart-")
    # A cleanup runs also when the scenario fails.
    context.add_cleanup(folder.cleanup)
    context.till = Till(folder.name, context.config.userdata["currency"])
