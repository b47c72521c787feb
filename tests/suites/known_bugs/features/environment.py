import os
import sqlite3


def before_all(context):
    state = os.environ.get("SUITE_STATE", "")

    def first_time(name):
        """Whether nobody has asked for this name in this state directory."""
        if not state:
            return True
        try:
            os.close(os.open(os.path.join(state, name), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    context.first_time = first_time


def before_scenario(context, scenario):
    if "failing hook" in scenario.name:
        raise RuntimeError("a hook")
    if "locked database in a hook" in scenario.name and context.first_time("hook"):
        raise sqlite3.OperationalError("database is locked")


def before_step(context, step):
    if context.scenario.name == "has a failing step hook":
        raise RuntimeError("a step hook")
