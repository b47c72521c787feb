"""Steps of the database and of the detail-level maps."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from agents.storage import MIGRATIONS, Database
from agents.uko.detail_levels import DetailLevelMapBuilder, Vocabulary
from behave import given, then, when
from refusal import refused

PATIENCE = 60.0


def database(context):
    return Database(context.environ["AGENTS_DATABASE"])


@given('a database of version 2 with the session "{name}"')
def older_database(context, name):
    older = database(context)
    older.migrate(2)
    with closing(sqlite3.connect(older.path)) as connection, connection:
        connection.execute("INSERT INTO sessions VALUES (?, 'review')", (name,))


@given("a database of version {version:d}")
def database_of_version(context, version):
    with closing(sqlite3.connect(database(context).path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


@given("a database file with the text")
def database_of_text(context):
    with open(database(context).path, "w", encoding="utf-8") as file:
        file.write(context.text)


@when("{count:d} programs migrate the database at once")
def migrate_at_once(context, count):
    barrier = threading.Barrier(count)

    def program():
        barrier.wait(PATIENCE)
        return database(context).migrate()

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(program) for _ in range(count)]
        context.applied = [number for future in futures for number in future.result(PATIENCE)]


@then("each migration was applied once")
def applied_once(context):
    assert sorted(context.applied) == list(range(1, len(MIGRATIONS) + 1)), context.applied


def vocabularies(context):
    if "vocabularies" not in context:
        context.vocabularies = []
    return context.vocabularies


@given('the vocabulary "{name}" with "{levels}"')
def vocabulary(context, name, levels):
    pairs = tuple((level, "") for level in levels.split(", "))
    vocabularies(context).append(Vocabulary(name, pairs))


@given('the vocabulary "{name}" that extends "{base}" and puts "{level}" after "{after}"')
def extending_vocabulary(context, name, base, level, after):
    vocabularies(context).append(Vocabulary(name, ((level, after),), extends=base))


@when('the map of "{name}" is built')
def build(context, name):
    context.map = DetailLevelMapBuilder(context.vocabularies).build(name)


@then('the depth of "{level}" is {depth:d}')
def depth_is(context, level, depth):
    assert context.map.depth(level) == depth, context.map


@then('the level at {depth:d} is "{level}"')
def level_at(context, depth, level):
    assert context.map.clamp(depth) == level, context.map


@then('the levels are "{levels}"')
def levels_are(context, levels):
    found = ", ".join(line.split()[1] for line in context.out.splitlines())
    assert found == levels, found


@then('asking for the depth of "{level}" is refused: "{message}"')
def depth_refused(context, level, message):
    refused(message, lambda: context.map.depth(level))


@then('building "{name}" is refused: "{message}"')
def building_refused(context, name, message):
    refused(message, lambda: DetailLevelMapBuilder(context.vocabularies).build(name))
