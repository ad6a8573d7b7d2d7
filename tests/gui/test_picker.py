import pytest
from PyQt6.QtCore import Qt

from bci.discovery import FoundStream
from bci.stream_monitor import Observed
from bci.types import SourceState
from gui.picker import COLUMNS, Picker


class Watch:
    """Streams in sight without LSL."""

    def __init__(self, *seen):
        self.seen = seen
        self.looking = False

    def start(self):
        self.looking = True

    def stop(self):
        self.looking = False


def stream(name, source_id="", state=SourceState.FLOWING, rate=250.2, kind="EEG", reason=""):
    found = FoundStream(name, kind, source_id, "lab-pc", 8, 250.0, f"uid-{name}-{source_id}", None)
    return Observed(found, state, reason, rate)


@pytest.fixture
def open_picker(qtbot):
    def open_it(*seen, last=""):
        picker = Picker(Watch(*seen), last)
        qtbot.addWidget(picker)
        picker.show()
        picker.refresh()
        return picker

    return open_it


def row(picker, number):
    return [picker.table.item(number, column).text() for column in range(len(COLUMNS))]


def test_a6_streams_are_listed_with_all_that_tells_them_apart(open_picker):
    picker = open_picker(stream("EPOC", "epoc-1"), stream("marks", kind="Markers", rate=None))
    assert row(picker, 0) == ["EPOC", "EEG", "lab-pc", "8", "250", "250.2", "flowing", "epoc-1", "uid-EPOC-epoc-1"]
    assert row(picker, 1)[5] == ""


def test_a6_the_list_follows_what_is_in_sight(open_picker):
    picker = open_picker(stream("EPOC"))
    picker._watch.seen = (stream("EPOC", state=SourceState.STALLED), stream("Muse"))
    picker.refresh()
    assert picker.table.rowCount() == 2
    assert row(picker, 0)[6] == "stalled"


def test_a_stream_that_is_lost_says_so_and_cannot_be_opened(open_picker):
    picker = open_picker(stream("EPOC", "epoc-1"))
    picker.table.selectRow(0)
    assert picker.button.isEnabled()
    lost = stream("EPOC", "epoc-1", SourceState.LOST, reason="out of sight for 3 s")
    picker._watch.seen = (lost,)
    picker.refresh()
    assert row(picker, 0)[6] == "lost: out of sight for 3 s"
    assert not picker.button.isEnabled()


def test_a6_the_list_can_be_filtered(open_picker, qtbot):
    picker = open_picker(stream("EPOC"), stream("Muse"))
    qtbot.keyClicks(picker._filter, "mus")
    assert [picker.table.item(i, 0).text() for i in range(picker.table.rowCount())] == ["Muse"]
    qtbot.keyClicks(picker._filter, "x")
    assert "None of the 2 streams" in picker._hint.text()


def test_a6_the_stream_of_last_time_is_selected(open_picker, qtbot):
    picker = open_picker(stream("EPOC"), stream("Muse"), last="Muse")
    with qtbot.waitSignal(picker.chosen) as chosen:
        qtbot.mouseClick(picker.button, Qt.MouseButton.LeftButton)
    assert chosen.args == ["Muse"]


def test_a6_a_selection_survives_a_refresh(open_picker):
    picker = open_picker(stream("EPOC"), stream("Muse"))
    picker.table.selectRow(1)
    picker._watch.seen = (stream("Actichamp"), stream("EPOC"), stream("Muse"))
    picker.refresh()
    assert picker.table.selectedItems()[0].text() == "Muse"


def test_a6_a_stream_that_vanishes_leaves_no_other_one_selected(open_picker):
    picker = open_picker(stream("Actichamp"), stream("EPOC"), stream("Muse"))
    picker.table.selectRow(1)
    picker._watch.seen = (stream("Actichamp"), stream("Muse"))
    picker.refresh()
    assert picker.table.selectedItems() == []
    assert not picker.button.isEnabled()


@pytest.mark.parametrize("row", [0, 1])
def test_a6_streams_of_one_name_are_chosen_by_source_id(open_picker, qtbot, row):
    picker = open_picker(stream("EPOC", "left"), stream("EPOC", "right"))
    picker.table.selectRow(row)
    picker._watch.seen = (stream("EPOC", "left", rate=249.9), stream("EPOC", "right"))
    picker.refresh()
    with qtbot.waitSignal(picker.chosen) as chosen:
        picker.button.click()
    assert chosen.args == [["left", "right"][row]]


def test_a6_a_stream_that_was_chosen_by_its_source_id_is_selected_the_next_time(open_picker):
    picker = open_picker(stream("EPOC", "left"), stream("EPOC", "right"), last="left")
    assert [item.text() for item in picker.table.selectedItems()][7] == "left"


def test_nothing_in_sight_is_said_with_what_to_do(open_picker):
    picker = open_picker()
    assert "No stream is in sight" in picker._hint.text()
    assert not picker.button.isEnabled()


def test_a5_it_listens_only_while_it_can_be_seen(open_picker):
    picker = open_picker(stream("EPOC"))
    assert picker._watch.looking
    picker.hide()
    assert not picker._watch.looking
