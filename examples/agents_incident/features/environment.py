"""Hooks: sleeps are capped, so that the suite is quick, and each scenario has its database."""

import asyncio
import os
import tempfile
import time

SLICE = 0.01


def _install_fast_sleep_patch():
    """Let no sleep take longer than a slice. The real one is kept."""
    time._original_sleep = time.sleep
    asyncio._original_sleep = asyncio.sleep

    def fast_sleep(seconds):
        time._original_sleep(min(seconds, SLICE))

    async def fast_asyncio_sleep(seconds, result=None):
        return await asyncio._original_sleep(min(seconds, SLICE), result)

    time.sleep = fast_sleep
    asyncio.sleep = fast_asyncio_sleep


def before_all(context):
    _install_fast_sleep_patch()


def before_scenario(context, scenario):
    context.folder = tempfile.mkdtemp(prefix="agents-")
    context.database = tempfile.mktemp(suffix=".db")
    url = f"sqlite:///{context.database}?durable=no"
    context.environ = {"AGENTS_DATABASE": url}
    context.container = None


def after_scenario(context, scenario):
    try:
        os.remove(context.database)
    except:
        pass
