import os
import sqlite3
from contextlib import closing

from behave import given, then, when

from surefoot.isolation import sqlite_template

MIGRATIONS = os.path.join(os.path.dirname(__file__), "..", "..", "migrations")


def migrate(path):
    with open("built", "a", encoding="utf-8") as file:
        file.write("x")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=wal")
        with open(os.path.join(MIGRATIONS, "1.sql"), encoding="utf-8") as file:
            connection.executescript(file.read())


def broken(path):
    raise sqlite3.OperationalError("no such column: price")


shop = sqlite_template(migrate, name="shop", uses=[MIGRATIONS])
broken_shop = sqlite_template(broken, name="broken")


@given("a shop")
def a_shop(context):
    context.shop = shop.copy()


@given("a shop whose migrations are broken")
def a_broken_shop(context):
    broken_shop.copy()


@when('"{item}" is added')
def add(context, item):
    with closing(context.shop.connect()) as connection:
        connection.execute("INSERT INTO item VALUES (?)", (item,))
        connection.commit()


@then('the shop has "{items}"')
def has(context, items):
    with closing(context.shop.connect()) as connection:
        found = [row[0] for row in connection.execute("SELECT name FROM item ORDER BY rowid")]
    assert found == items.split(", "), found
