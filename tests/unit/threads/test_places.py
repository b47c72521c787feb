"""Where in the bytecode a thread can be stopped, and the story that is told of it."""

import dis

from surefoot.threads import places, story
from surefoot.threads.schedule import Decision, Failure, Result, Row
from surefoot.threads.search import Report


class Counter:
    n = 0

    def add(self) -> None:
        self.n += 1

    def add_by_call(self) -> None:
        n = int(self.n)
        self.n = n + 1

    def spin(self) -> None:
        while self.n:
            self.n -= 1


LINE = Counter.add.__code__.co_firstlineno + 1


def offsets(function: object, name: str) -> list[int]:
    """Offsets of the instructions whose name begins so."""
    return [
        item.offset
        for item in dis.get_instructions(function)  # type: ignore[arg-type]
        if item.opname.startswith(name)
    ]


def test_an_increment_gives_way_only_at_the_function_s_beginning() -> None:
    opens = places.opens(Counter.add.__code__)
    assert opens == frozenset(offsets(Counter.add, "RESUME"))


def test_a_call_gives_way_after_it_and_a_loop_at_its_end() -> None:
    opens = places.opens(Counter.add_by_call.__code__)
    (store,) = offsets(Counter.add_by_call, "STORE_FAST")
    assert store in opens
    back = offsets(Counter.spin, "JUMP_BACKWARD") + offsets(Counter.spin, "POP_JUMP_BACKWARD")
    assert set(back) <= places.opens(Counter.spin.__code__) or not offsets(Counter.spin, "JUMP_B")


def test_words_say_what_the_thread_was_about_to_do() -> None:
    known = places.of(Counter.add.__code__)
    (store,) = offsets(Counter.add, "STORE_ATTR")
    assert known.words[store] == "before it stores n"
    assert "before it computes +=" in known.words.values()
    # What says nothing by itself says what follows on its line.
    assert known.words[offsets(Counter.add, "COPY")[0]].startswith("before it reads .n")


def test_a_mark_tells_places_apart_and_not_directories() -> None:
    assert places.mark("a/x.py", 3, 4) == places.mark("b/x.py", 3, 4)
    assert len({places.mark("x.py", line, 0) for line in range(50)}) > 45


def example() -> Result:
    """A schedule in which two threads cross."""
    return Result(
        failure=Failure("step", "AssertionError: 1 is not 2"),
        decisions=(Decision(1, 7, 2), Decision(2, 9, 1)),
        stops=(
            Row(1, "stop", __file__, LINE, "before it stores n"),
            Row(2, "end", __file__, LINE, "ends"),
        ),
        threads=("scenario", "first", "second"),
        rows=(
            Row(0, "line", __file__, 1),
            Row(1, "line", __file__, LINE),
            Row(1, "stop", __file__, LINE, "before it stores n"),
            Row(2, "line", __file__, LINE),
            Row(2, "end", __file__, LINE, "ends"),
            Row(1, "error", __file__, LINE, "KeyError: 'a'"),
        ),
    )


def test_the_story_has_a_column_for_each_thread_that_matters() -> None:
    lines = story.columns(example(), 100)
    assert lines[0].split() == ["first", "second"]
    assert lines[2].startswith(f"test_places.py:{LINE} self.n += 1")
    assert lines[3].startswith(f"~ stops at test_places.py:{LINE}, before it stores n")
    assert lines[4].startswith(" " * 40)
    assert lines[4].strip() == f"test_places.py:{LINE} self.n += 1"
    assert lines[-1] == "! KeyError: 'a'"


def test_a_story_of_many_threads_is_a_list() -> None:
    names = ("scenario", *(f"t{number}" for number in range(1, 7)))
    rows = tuple(Row(number, "line", __file__, LINE) for number in range(1, 7))
    decisions = tuple(Decision(number, 1, number % 6 + 1) for number in range(1, 7))
    stops = tuple(Row(number, "stop", __file__, LINE) for number in range(1, 7))
    result = Result(decisions=decisions, stops=stops, threads=names, rows=rows)
    assert story.columns(result)[0] == f"t1: test_places.py:{LINE} self.n += 1"


def test_what_a_thread_does_in_one_go_is_shortened() -> None:
    rows = tuple(Row(1, "line", __file__, line) for line in range(1, 30))
    result = Result(
        decisions=(Decision(1, 1, 1),),
        stops=(Row(1, "stop"),),
        threads=("scenario", "a"),
        rows=rows,
    )
    lines = story.columns(result)
    assert lines[4] == "... 24 more lines"
    assert len(lines) == 2 + 6


def test_switches_are_named_by_line() -> None:
    first, second = story.switches(example())
    assert first.startswith("1. first stopped at ")
    assert first.endswith("self.n += 1, before it stores n; second went on")
    assert second == "2. second ended; first went on"


def test_how_sure_it_is_says_what_was_not_replayable() -> None:
    result = example()
    result.disturbed = "first was in a wait that exploration cannot see"
    report = Report(200, 7, tried=4, found_at=4, result=result, replays=1, replayed=3)
    text = "\n".join(story.how_sure(report))
    assert "not replayable exactly: first was in a wait" in text
    assert "replayed 3 times, of which 1 failed in the same way" in text
