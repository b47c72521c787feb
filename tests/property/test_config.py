"""Properties of configuration: values read back, and no argument is lost or taken by mistake."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.config import behave_options
from surefoot.config.duration import format_duration, parse_duration
from surefoot.config.resolve import resolve
from surefoot.config.scan import scan
from surefoot.config.settings import OPTIONS
from surefoot.config.size import format_size, parse_size
from surefoot.errors import UserError

NOWHERE = "/nonexistent"

WORDS = st.sampled_from(["features", "a.feature:3", "-", "", "@x", "plain", "-q", "-j4", "--jobs"])
PATHS = st.sampled_from(["features", "a.feature:3", "-", "", "@list"])
ONLY_BEHAVES = sorted(
    behave_options.FLAGS
    - {flag for option in OPTIONS.values() for flag in (option.flag, *option.flags)}
)


@st.composite
def behaves_arguments(draw: st.DrawFn) -> list[str]:
    """A path, or an option of behave's alone in one of its forms, with any value."""
    flag = draw(st.sampled_from(["", *ONLY_BEHAVES]))
    if not flag:
        return [draw(PATHS)]
    if flag in behave_options.NO_VALUE:
        return [flag]
    value = draw(WORDS)
    if flag in behave_options.OPTIONAL_VALUE or draw(st.booleans()):
        joined = f"{flag}={value}" if flag.startswith("--") else f"{flag}{value}"
        return [joined] if joined != flag else [flag, value]
    return [flag, value]


@st.composite
def own_arguments(draw: st.DrawFn) -> tuple[str, object, list[str]]:
    """A value for one of the options that are ours alone, as (name, value, arguments)."""
    name, text, value = draw(
        st.sampled_from(
            [
                ("retries", "2", 2),
                ("seed", "-5", -5),
                ("isolation", "scenario", "scenario"),
                ("timeout_run", "1h", 3600.0),
                ("journal", "a b", "a b"),
                ("shuffle", None, True),
            ]
        )
    )
    flag = OPTIONS[name].flag
    if text is None:
        return name, value, [flag]
    return name, value, [f"{flag}={text}"] if draw(st.booleans()) else [flag, text]


@given(st.lists(st.one_of(behaves_arguments(), own_arguments()), max_size=8))
def test_the_scanner_splits_without_loss(
    parts: list[list[str] | tuple[str, object, list[str]]],
) -> None:
    argv: list[str] = []
    rest: list[str] = []
    values: dict[str, object] = {}
    for part in parts:
        if isinstance(part, tuple):
            name, values[name], arguments = part
            argv += arguments
        else:
            argv += part
            rest += part
    scanned = scan(argv)
    assert list(scanned.behave_args) == rest
    assert {item.name: item.value for item in scanned.given} == values


@given(
    st.lists(
        st.one_of(
            st.text(alphabet="-jqvTfxD=4 ", max_size=5),
            st.sampled_from(["--jobs", "--retries=1", "--tags", "--", "--color", "--no-quiet"]),
        ),
        max_size=6,
    )
)
def test_any_command_line_is_split_or_refused(argv: list[str]) -> None:
    try:
        scanned = scan(argv)
    except UserError:
        return
    # What behave got holds nothing more of ours: scanning it again takes only what is passed on.
    again = scan(scanned.behave_args)
    assert again.behave_args == scanned.behave_args
    assert {item.name for item in again.given} <= {"jobs", "quiet", "verbose"}


@given(st.integers(min_value=0, max_value=10**12))
def test_durations_read_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.from_regex(r"([0-9]{1,4}h)?([0-9]{1,4}m)?([0-9]{1,4}(\.[0-9]{1,9})?s)?", fullmatch=True))
def test_what_is_shown_is_what_was_stored(text: str) -> None:
    if text:
        seconds = parse_duration(text)
        assert abs(parse_duration(format_duration(seconds)) - seconds) <= 1e-9


@given(st.integers(min_value=1, max_value=10**15 - 1))
def test_sizes_read_back(size: int) -> None:
    assert parse_size(format_size(size)) == size


@given(st.text(max_size=12), st.sampled_from(sorted(OPTIONS)))
def test_any_text_is_a_value_or_a_sentence(text: str, name: str) -> None:
    option = OPTIONS[name]
    try:
        resolved = resolve([], {}, NOWHERE, {name: text})
    except UserError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert said.startswith(f'{name}: {name} "{text}" ')
        assert said.endswith(f"; set it in [tool.surefoot] or with {option.flag}")
        return
    value = getattr(resolved.settings, name)
    assert option.kind.parse(option.kind.show(value)) == value


@given(
    st.dictionaries(
        st.sampled_from(["environment", "override", "command line"]),
        st.integers(min_value=0, max_value=99),
    )
)
def test_the_strongest_source_wins(values: dict[str, int]) -> None:
    text = {kind: str(value) for kind, value in values.items()}
    resolved = resolve(
        ["--retries", text["command line"]] if "command line" in text else [],
        {"SUREFOOT_RETRIES": text["environment"]} if "environment" in text else {},
        NOWHERE,
        {"retries": text["override"]} if "override" in text else None,
    )
    strongest = next(
        (kind for kind in ("command line", "override", "environment") if kind in values), "default"
    )
    assert resolved.settings.retries == values.get(strongest, 0)
    assert resolved.origins["retries"].kind == strongest
