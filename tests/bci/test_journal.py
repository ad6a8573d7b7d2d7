"""The journal: what comes back of what was written, and what a damaged one says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.errors import ConfigError, FormatError
from bci.events import END_MARKER, EventBuilder
from bci.journal import Entry, Journal, Kind, from_wire, plain, read_journal, to_wire
from bci.specs import EventSpec
from bci.types import Marker

times = st.floats(0, 1e7, allow_nan=False)
texts = st.text(st.characters(codec="utf-8"), max_size=60)
entries = st.builds(Entry, times, st.sampled_from(Kind), texts, st.floats(0, 1e5))


class Collected:
    """A wire."""

    def __init__(self):
        self.sent = []
        self.closed = False

    def send(self, entry):
        self.sent.append(entry)

    def close(self):
        self.closed = True


@given(st.lists(entries, max_size=8))
def test_what_is_written_comes_back(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    wire = Collected()
    journal = Journal(path, wire)
    for entry in written:
        journal.write(entry)
    journal.close()
    assert read_journal(path) == wire.sent == written
    assert wire.closed


@given(entries)
def test_on_the_wire_it_is_a_marker_that_makes_no_event_and_ends_no_session(entry):
    value = to_wire(entry)
    assert from_wire(value, entry.time) == entry
    assert value != END_MARKER
    builder = EventBuilder(EventSpec(), ["a"], 0.001)
    assert builder.feed([Marker(entry.time, value)]) == []
    assert builder.ignored == 0


@given(st.text(max_size=60))
def test_any_other_marker_is_no_entry(value):
    for other in (value, f"bci:~{value}", f"bci:note [{value}", "pause", END_MARKER):
        assert from_wire(other, 1.0) is None


def test_a_note_is_one_line_of_bounded_length():
    assert plain(" two\n lines ") == "two lines"
    for wrong in ("", " \n", "x" * 501):
        with pytest.raises(ConfigError, match="1 to 500 characters"):
            plain(wrong)


def test_a_last_line_that_a_crash_cut_off_is_left_out(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"schema": 1, "time": 1.0, "kind": "begin"}\n{"schema": 1, "ti', encoding="utf-8")
    assert read_journal(path) == [Entry(1.0, Kind.BEGIN)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "expected lines of JSON"),
        ("[1]", "expected objects, got list"),
        ('{"schema": 2, "time": 1.0, "kind": "begin"}', "has schema 2"),
        ('{"schema": 1, "time": "soon", "kind": "begin"}', "time: "),
        ('{"schema": 1, "time": 1.0, "kind": "applause"}', "kind: "),
    ],
)
def test_a_damaged_journal_is_refused(tmp_path, line, said):
    path = tmp_path / "journal.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(FormatError, match=said):
        read_journal(path)


def test_a_journal_that_cannot_be_written_does_not_stop_anybody(tmp_path, caplog):
    wire = Collected()
    journal = Journal(tmp_path / "journal.jsonl", wire)
    journal.close()
    for _ in range(2):
        journal.write(Entry(1.0, Kind.PAUSE))
    assert len(wire.sent) == 2
    assert caplog.text.count("no longer written") == 1
