"""Durations, sizes and the kinds of value."""

import pytest

from surefoot.config.duration import format_duration, parse_duration
from surefoot.config.kinds import BadValue, Modules
from surefoot.config.settings import OPTIONS
from surefoot.config.size import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1m30s", 90.0),
        ("500ms", 0.5),
        ("1h1ms", 3600.001),
        ("1.5s", 1.5),
        ("0.25", 0.25),
        ("off", 0.0),
        ("0", 0.0),
        ("0s", 0.0),
    ],
)
def test_durations_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "s", "-1", "1 m", "1m30", "30s1m", "1d", "inf", "nan", "1e3", "٣s", "OFF", "5m\n"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(600.0, "10m"), (90.0, "1m30s"), (0.5, "500ms"), (0.0, "off"), (0.0001, "0.0001s")],
)
def test_durations_shown(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "size", "shown"),
    [
        ("500MB", 500_000_000, "500MB"),
        ("2GB", 2_000_000_000, "2GB"),
        ("2gb", 2_000_000_000, "2GB"),
        ("1.5 GiB", 1_610_612_736, "1536MiB"),
        ("4096", 4096, "4KiB"),
        ("999", 999, "999B"),
    ],
)
def test_sizes(text: str, size: int, shown: str) -> None:
    assert parse_size(text) == size
    assert format_size(size) == shown


@pytest.mark.parametrize("text", ["", "GB", "-1", "2XB", "0", "0GB", "1e9", "2 GB "])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("jobs", "auto", "auto"),
        ("jobs", "4", 4),
        ("max_fail", "none", None),
        ("seed", "-5", -5),
        ("timeout_step", "0", None),
        ("timeout_run", "off", None),
        ("grace", "off", 0.0),
        ("preload", "a.b, c", ("a.b", "c")),
        ("preload", "", ()),
        ("journal", "none", None),
        ("journal", "./none", "./none"),
        ("shuffle", "On", True),
        ("shuffle", "no", False),
        ("workdir_limit", "500MB", 500_000_000),
    ],
)
def test_text_becomes_a_value(name: str, text: str, value: object) -> None:
    assert OPTIONS[name].kind.parse(text) == value


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("jobs", "auto", "auto"),
        ("retries", 2, 2),
        ("timeout_step", 90, 90.0),
        ("timeout_step", 0.5, 0.5),
        ("timeout_step", "2m", 120.0),
        ("timeout_step", 0, None),
        ("workdir_limit", 4096, 4096),
        ("preload", ["a", "b.c"], ("a", "b.c")),
        ("shuffle", True, True),
        ("journal", "x.jsonl", "x.jsonl"),
    ],
)
def test_toml_becomes_a_value(name: str, raw: object, value: object) -> None:
    assert OPTIONS[name].kind.from_toml(raw) == value


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("jobs", 0),
        ("retries", True),
        ("retries", "2"),
        ("retries", 1.0),
        ("seed", 10**18),
        ("timeout_step", -1),
        ("timeout_step", float("inf")),
        ("timeout_step", float("nan")),
        ("timeout_step", 10**400),
        ("timeout_step", True),
        ("workdir_limit", 0),
        ("workdir_limit", True),
        ("preload", "a"),
        ("preload", [1]),
        ("preload", ["a b"]),
        ("shuffle", 1),
        ("shuffle", "true"),
        ("isolation", 3),
        ("isolation", ["worker"]),
        ("journal", 3),
        ("journal", ""),
    ],
)
def test_toml_of_another_type_is_refused(name: str, raw: object) -> None:
    with pytest.raises(BadValue):
        OPTIONS[name].kind.from_toml(raw)


@pytest.mark.parametrize("text", ["a,,b", "a b", ".a", "a-b", ","])
def test_what_is_no_module(text: str) -> None:
    with pytest.raises(BadValue):
        Modules().parse(text)
