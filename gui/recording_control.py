"""Record the session that is shown, and say how that goes: in the bar, as a red frame, and on the timeline."""

from PyQt6.QtWidgets import QWidget

from bci.errors import BciError
from bci.recordings import Recordings
from bci.viewing import Viewed
from gui.notices import Notice, NoticeBar, notice_of
from gui.session_bar import SessionBar
from gui.theme import Theme
from gui.timeline_pane import TimelinePane

__all__ = ["RecordingControl"]

NOT_RECORDED = (
    "This session cannot be recorded here: a file is one already, and what is decoded elsewhere is recorded there"
)


class RecordingControl:
    """Begins and ends recordings, and follows the newest one.

    Parameters
    ----------
    bar
        Says how the recording stands.
    framed
        Has a frame while samples are written; found by the name of the object.
    notices
        Where it is said what goes wrong.
    """

    def __init__(self, bar: SessionBar, framed: QWidget, notices: NoticeBar) -> None:
        self._bar = bar
        self._framed = framed
        self._notices = notices
        self._warned = ""

    def toggle(self, viewed: Viewed | None) -> None:
        """Begin a recording, or end the one that is on."""
        if viewed is None or viewed.recordings is None:
            self._notices.add(Notice(NOT_RECORDED))
        elif viewed.recordings.on:
            viewed.recordings.stop()
        else:
            try:
                viewed.recordings.start(viewed.snapshot().state)
            except BciError as error:
                self._notices.add(notice_of(error, "recording"))

    def follow(self, recordings: Recordings, theme: Theme, timeline: TimelinePane) -> None:
        """Show how the newest recording stands."""
        state = recordings.state()
        self._bar.show_recording(state)
        self._frame(f"3px solid {theme.bad}" if state is not None and state.recording else "none")
        if recordings.on:
            timeline.recording(recordings.spans)
        if state is not None and state.error and state.error != self._warned:
            self._warned = state.error
            self._notices.add(Notice(state.error))

    def _frame(self, border: str) -> None:
        sheet = f"#{self._framed.objectName()} {{ border: {border}; }}"
        if sheet != self._framed.styleSheet():
            self._framed.setStyleSheet(sheet)
