"""What the policy is shown of an exception: its bases, its causes, the members of a group."""

import sqlite3

from surefoot.policy.infrastructure import InfrastructureRules, infrastructure_error
from surefoot.worker.judging import chain_of


class _UnreadableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def _caught(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except BaseException as caught:  # what was raised is looked at
        return caught


def test_bases_are_named_with_their_modules() -> None:
    (raised,) = chain_of(sqlite3.OperationalError("database is locked"))
    assert raised.names == (
        "sqlite3.OperationalError",
        "sqlite3.DatabaseError",
        "sqlite3.Error",
        "Exception",
    )
    assert raised.is_a("OperationalError")
    assert raised.is_a("sqlite3.Error")
    assert not raised.is_a("BaseException")


def test_causes_follow_nearest_first() -> None:
    error = _caught(AssertionError("exit 1"), _caught(RuntimeError("a"), KeyError("b")))
    assert [item.text() for item in chain_of(error)] == [
        "AssertionError: exit 1",
        "RuntimeError: a",
        "KeyError: 'b'",
    ]
    assert chain_of(None) == ()


def test_a_context_that_was_hidden_is_no_cause() -> None:
    error = _caught(KeyError("before"))
    shown, hidden = ValueError("shown"), ValueError("hidden")
    shown.__context__ = hidden.__context__ = error
    hidden.__suppress_context__ = True
    assert [item.text() for item in chain_of(shown)] == ["ValueError: shown", "KeyError: 'before'"]
    assert [item.text() for item in chain_of(hidden)] == ["ValueError: hidden"]


def test_a_circle_and_an_exception_without_a_text() -> None:
    first, second = ValueError("1"), ValueError("2")
    first.__cause__, second.__cause__ = second, first
    assert len(chain_of(first)) == 2
    assert chain_of(_UnreadableError())[0].message == ""


def test_the_members_of_a_group_are_looked_at() -> None:
    group = ExceptionGroup("threads", [ValueError("x"), sqlite3.OperationalError("disk I/O error")])
    found = infrastructure_error(chain_of(group), InfrastructureRules())
    assert found is not None
    assert found.text() == "OperationalError: disk I/O error"
