"""The journal loses nothing that was written, and says when it was cut."""

import gzip
import os
from pathlib import Path

import pytest

from surefoot.events.events import Counts, Event, Notice, RunFinished, VerdictReached
from surefoot.events.journal import JournalReader, JournalWriter, decode, encode
from surefoot.model.outcomes import Outcome, Verdict

NOTICE = Notice(1.5, "abort", "text with \n newline and ünïcode")
VERDICT = VerdictReached("a :: b", 0, (1, 2), Verdict.FLAKY, [Outcome.FAILED, Outcome.PASSED])
END = RunFinished(2.0, 0, False, Counts({}, {}, {}, {}), {}, 1, 1.0, 1.0)


def never(text: str) -> None:
    """A warning where none may come."""
    raise AssertionError(text)


@pytest.mark.parametrize("event", [NOTICE, VERDICT, END])
def test_an_event_survives_its_line(event: Event) -> None:
    line = encode(event)
    assert b"\n" not in line
    assert decode(line) == event


@pytest.mark.parametrize("compress", [False, True])
def test_what_was_appended_is_read_back_in_order(tmp_path: Path, compress: bool) -> None:
    journal = JournalWriter(str(tmp_path / "new" / "journal.jsonl"), never)
    first = journal.append(NOTICE)
    journal.append_line(encode(VERDICT))
    journal.append(END)
    assert decode(journal.read_line(first)) == NOTICE
    assert list(journal.events()) == [NOTICE, VERDICT, END]
    path = journal.close(compress=compress)
    assert path.endswith(".gz") is compress
    reader = JournalReader(path)
    assert list(reader.events()) == [NOTICE, VERDICT, END]
    assert not reader.cut


def test_a_journal_cut_in_mid_line_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = encode(NOTICE) + b"\n" + encode(VERDICT) + b"\n"
    path.write_bytes(whole + encode(END)[:20])
    reader = JournalReader(str(path))
    assert list(reader.events()) == [NOTICE, VERDICT]
    assert reader.cut
    assert reader.bad_lines == 1


def test_a_compressed_journal_without_its_end_is_read_up_to_the_cut(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl.gz"
    lines = b"".join(encode(Notice(float(n), "x", os.urandom(40).hex())) + b"\n" for n in range(99))
    packed = gzip.compress(lines)
    path.write_bytes(packed[: len(packed) // 2])
    reader = JournalReader(str(path))
    events = list(reader.events())
    assert 0 < len(events) < 99
    assert reader.cut


def test_a_journal_that_cannot_be_made_is_kept_in_memory(tmp_path: Path) -> None:
    warnings: list[str] = []
    (tmp_path / "file").write_text("")
    journal = JournalWriter(str(tmp_path / "file" / "journal.jsonl"), warnings.append)
    ref = journal.append(NOTICE)
    assert not journal.complete
    assert decode(journal.read_line(ref)) == NOTICE
    assert list(journal.events()) == [NOTICE]
    assert len(warnings) == 1
    assert "cannot be written" in warnings[0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_keeps_the_rest_in_memory() -> None:
    warnings: list[str] = []
    journal = JournalWriter("/dev/full", warnings.append)
    ref = journal.append(NOTICE)
    journal.append(VERDICT)
    assert decode(journal.read_line(ref)) == NOTICE
    assert list(journal.events()) == [NOTICE, VERDICT]
    assert len(warnings) == 1
    assert "No space left" in warnings[0]
