"""Secrets do not survive masking; what tells things apart does."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.triage.filing.secrets import MASK, Redactor, secrets_of

# Put together at run time: a scanner of this repository must not take them for real ones.
GITHUB = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GITLAB = "glpat-" + "x9Y8z7W6v5U4t3S2r1Q0"
AWS = "AKIA" + "IOSFODNN7EXAMPLE"
JWT = (
    "eyJhbGciOiJIUzI1NiJ9."
    + "eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    + "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"fatal: could not read from https://bot:{GITHUB}@git.example.org/a/b", GITHUB),
        ("pushing to https://user:hunter2@example.org/x.git", "hunter2"),
        ("redis://:p%40ss@cache:6379/0", "p%40ss"),
        (f"Authorization: Bearer {JWT}", JWT),
        ("authorization: token 0123456789abcdef0123456789abcdef01234567", "0123456789abcdef"),
        ("{'PRIVATE-TOKEN': 'abcdef123456'}", "abcdef123456"),
        ("Set-Cookie: session=abc; HttpOnly", "session=abc"),
        (f"using {GITLAB} for the mirror", GITLAB),
        (f"credentials {AWS}", AWS),
        ("DB_PASSWORD=correcthorse", "correcthorse"),
        ('"password": "letmein"', "letmein"),
        ("password: 'two words here'", "two words here"),
        ("export API_KEY=9f8A7b6C5d4E", "9f8A7b6C5d4E"),
        ("AWS_SECRET_ACCESS_KEY => wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("mysql --password hunter22 -u root", "hunter22"),
        ("client_secret: s3cr3t", "s3cr3t"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
            "MIIEpAIBAAKCAQEA",
        ),
        ("blob wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY9012abcXYZ end", "wJalrXUtnFEMIK7MDENG"),
        ("the value is tr0ub4dor&3", "tr0ub4dor&3"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    redact = Redactor(["tr0ub4dor&3"])
    shown = redact(text)
    assert secret not in shown
    assert MASK in shown
    assert redact.count >= 1
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "SyntaxError: unexpected token: ')'",
        "token: none",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "features/async_execution/deadline_is_reached_by_iteration.feature:12",
        "AssertionError: expected 3 subplans, got 2",
        "see https://example.org/a/b?page=2#top",
        "password: ***",
        "PASSWORD=${{ secrets.PASSWORD }}",
        "E   assert result.exit_code == 0",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor()(text) == text


def test_the_environment_names_its_secrets() -> None:
    environ = {
        "FORGEJO_TOKEN": "abcdefgh1234",
        "SSH_AUTH_SOCK": "/run/user/1/keyring",
        "HOME": "/srv/someone",
        "SHORT_TOKEN": "abc",
    }
    assert secrets_of(environ) == ["abcdefgh1234"]


@given(st.text(max_size=400))
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    redact = Redactor()
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "unit", ["password=", "a" * 30 + "=", "://", "-----BEGIN PRIVATE KEY-----", "eyJ"]
)
def test_time_grows_with_the_text_only(unit: str) -> None:
    def seconds(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        best = 9.9
        for _ in range(5):
            began = time.process_time()
            Redactor()(text)
            best = min(best, time.process_time() - began)
        return best

    # Quadratic time would take 64 times as long.
    assert seconds(160_000) < 24 * max(seconds(20_000), 0.002)
