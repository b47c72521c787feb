"""Scenarios with a PostgreSQL database each, by the installed command, crashes included."""

import os
from collections import Counter

import pytest
from tests.e2e.project import Project
from tests.postgres import databases

from surefoot.isolation import free_port

STEPS = """\
    import os, signal
    import psycopg
    from behave import step
    from surefoot.isolation import postgres_template

    def migrate(url):
        with open('built', 'a') as file:
            file.write('x')
        with psycopg.connect(url) as connection:
            connection.execute('CREATE TABLE item (name text)')

    shop = postgres_template(migrate, server=os.environ['SHOP_SERVER'])

    @step('a shop')
    def _(context):
        context.shop = shop.copy()

    @step('"{name}" is all that it has')
    def _(context, name):
        with psycopg.connect(context.shop.url) as connection:
            connection.execute('INSERT INTO item VALUES (%s)', [name])
            rows = connection.execute('SELECT name FROM item').fetchall()
        assert rows == [(name,)], rows

    @step('the worker is killed')
    def _(context):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def shop(project: Project) -> Project:
    """Two features of scenarios that need a database."""
    project.steps(STEPS, "shop")
    for feature in ("a", "b"):
        project.feature(
            feature,
            f"""\
            Feature: {feature}
              Scenario Outline: <item> in {feature}
                Given a shop
                Then "<item>" is all that it has
                Examples:
                  | item   |
                  | bread  |
                  | butter |
                  | milk   |
            """,
        )
    return project


def test_each_scenario_has_its_database_and_none_is_left(shop: Project, postgres: str) -> None:
    run = shop.run("-j", "2", "--unit", "scenario", env={"SHOP_SERVER": postgres})
    assert run.code == 0, run.out + run.err
    assert Counter(run.outcomes().values()) == {"passed": 6}
    assert (shop.path / "built").read_text() == "x"
    assert databases(postgres) == []


def test_a_killed_worker_leaves_no_database(shop: Project, postgres: str) -> None:
    shop.feature(
        "c", "Feature: c\n  Scenario: dead\n    Given a shop\n    And the worker is killed\n"
    )
    # The password is not kept for the end of the run: the user's own environment has it.
    env = {"SHOP_SERVER": postgres, "PGPASSWORD": "s e/c:r@t"}
    run = shop.run("-j", "1", env=env)
    assert run.outcomes()["dead"] == "crashed"
    assert databases(postgres) == []
    assert "s e/c:r@t" not in run.out + run.err + run.journal.read_text(encoding="utf-8")
    assert not [
        name
        for folder in (shop.path / ".surefoot" / "runs").iterdir()
        for name in os.listdir(folder)
        if name.startswith("postgres-")
    ]


def test_a_server_that_is_not_there_is_an_error_of_each_scenario(shop: Project) -> None:
    server = f"postgresql://shop@127.0.0.1:{free_port()}/postgres"
    run = shop.run("-j", "2", env={"SHOP_SERVER": server})
    assert run.code == 1
    assert Counter(run.outcomes().values()) == {"error": 6}
    assert "cannot be used: connection failed" in run.out
    assert "start it, or name it with server= or PGHOST" in run.out
