"""The scroll bar under the signals: where in time they are while they are held."""

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtWidgets import QScrollBar

from gui.trace_playhead import Playhead

__all__ = ["TimeBar"]


class TimeBar(QScrollBar):
    """Moves a playhead, and follows it; hidden at the present moment.

    Parameters
    ----------
    playhead
        What it moves.
    sfreq
        Samples a second: an arrow moves it by a tenth of one.
    """

    def __init__(self, playhead: Playhead, sfreq: float) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._playhead = playhead
        self.setAccessibleName("Time")
        self.setSingleStep(max(1, round(sfreq / 10)))
        self.valueChanged.connect(playhead.move_by)

    def follow(self) -> None:
        """Show where the playhead is."""
        with QSignalBlocker(self):
            self.setRange(self._playhead.first_offset, 0)
            self.setPageStep(self._playhead.n_shown)
            self.setValue(self._playhead.offset)
        self.setVisible(self._playhead.held is not None)
