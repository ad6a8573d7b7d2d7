"""A figure of the latest samples: drawn anew when some have come, and told apart when none come any more."""

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from bci.snapshot import Snapshot
from bci.types import SourceState
from bci.viewing import Viewed
from gui.figure_pane import FigurePane
from gui.theme import Theme
from gui.words import Piece

__all__ = ["SamplesPane"]


class SamplesPane(FigurePane):
    """What is seen of the EEG channels in the last seconds; its owner adds `tools` beside the words."""

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        drawing = QWidget()
        self.body = QVBoxLayout(drawing)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(4)
        super().__init__(viewed, theme, drawing)
        self.tools = QHBoxLayout()
        self.tools.addWidget(self.words, 1)
        self.body.addLayout(self.tools)
        self.channels = viewed.about.stream.channels
        self.eeg = np.array([i for i, channel in enumerate(self.channels) if channel.kind == "eeg"], np.int64)
        self._seen: tuple[int, SourceState] | None = None

    def refresh(self, snapshot: Snapshot) -> None:
        """Show the samples that came last."""
        seen = (self.viewed.history.end, snapshot.state)
        if seen != self._seen:
            self._seen = seen
            self.outdate()
        super().refresh(snapshot)

    def latest(self, seconds: float) -> NDArray[np.float32]:
        """Return what there is of the last seconds, (n_times, n_channels of the stream) microvolts."""
        history = self.viewed.history
        return history.since(history.end - round(seconds * history.sfreq)).data

    def stale(self, snapshot: Snapshot) -> list[Piece]:
        """Say that no samples come any more, if that is so."""
        return [] if snapshot.state.live else [("bad", f"◼ {snapshot.state}: not live")]

    def chooser(self, name: str, choices: list[str]) -> QComboBox:
        """Add a box from which one of several things to show is chosen."""
        box = QComboBox()
        box.addItems(choices)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(max(8, *map(len, choices[:1])))
        box.currentIndexChanged.connect(self.redraw)
        self.tools.insertWidget(0, box)
        return box
