import pytest
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFrame, QWidget

from bci.errors import RecordingError
from bci.recorder import RecorderPhase, RecorderState
from bci.types import SourceState
from gui.notices import NoticeBar
from gui.recording_control import RecordingControl
from gui.session_bar import BUTTONS, SessionBar
from gui.theme import DARK
from gui.timeline_pane import TimelinePane


class Recordings:
    """Recordings without LabRecorder."""

    def __init__(self, refuses=""):
        self.refuses = refuses
        self.phase, self.error = RecorderPhase.IDLE, ""
        self.spans = ((1.0, 2.0),)

    @property
    def on(self):
        return self.phase is RecorderPhase.RECORDING

    def state(self):
        return RecorderState(self.phase, 61.0, 2_000_000, 3_000_000_000, growing=True, error=self.error)

    def start(self, source):
        assert source is SourceState.FLOWING
        if self.refuses:
            raise RecordingError(self.refuses)
        self.phase = RecorderPhase.RECORDING

    def stop(self):
        self.phase = RecorderPhase.SAVED


@pytest.fixture
def made(qtbot, staged):
    staged.recordings = Recordings()
    owner = QWidget()
    framed, notices, timeline = QFrame(owner), NoticeBar(), TimelinePane(staged, DARK)
    framed.setObjectName("pages")
    bar = SessionBar({name: QAction(name, owner) for name in BUTTONS}, DARK)
    for widget in (owner, notices, timeline, bar):
        qtbot.addWidget(widget)
    told = []
    timeline.recording = told.append
    control = RecordingControl(bar, framed, notices)
    return control, lambda: control.follow(staged.recordings, DARK, timeline), bar, framed, notices, told


def test_a10_one_command_begins_and_ends_a_recording(made, staged):
    control = made[0]
    control.toggle(staged)
    assert staged.recordings.phase is RecorderPhase.RECORDING
    control.toggle(staged)
    assert staged.recordings.phase is RecorderPhase.SAVED


def test_a10_a_recording_is_told_of_in_the_bar_as_a_frame_and_on_the_timeline(made, staged):
    control, follow, bar, framed, _, told = made
    control.toggle(staged)
    follow()
    assert "● REC 1:01 · 2.0 MB, 3 GB free" in bar._recording.text()
    assert DARK.bad in framed.styleSheet()
    assert bar.buttons["record"].text() == "Stop recording"
    assert told == [((1.0, 2.0),)]
    control.toggle(staged)
    follow()
    assert DARK.bad not in framed.styleSheet()
    assert bar.buttons["record"].text() == "Record"
    assert len(told) == 1


def test_a10_what_speaks_against_a_recording_is_said(made, staged):
    control, _, _, _, notices, _ = made
    staged.recordings.refuses = "expected data, none flow: wait"
    control.toggle(staged)
    staged.recordings = None
    control.toggle(staged)
    refused, impossible = (notice.text for _, notice in notices.notices)
    assert refused == "expected data, none flow: wait"
    assert impossible.startswith("This session cannot be recorded here")


def test_a10_a_warning_is_told_once(made, staged):
    control, follow, _, _, notices, _ = made
    control.toggle(staged)
    staged.recordings.error = "the file does not grow"
    follow()
    follow()
    assert notices.count == 1
