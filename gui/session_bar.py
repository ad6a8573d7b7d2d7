"""Where the session stands: its four phases, what can be done in each, and how the stream is doing."""

from typing import NamedTuple

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from bci.conductor import Phase, Status
from bci.recorder import RecorderPhase, RecorderState
from bci.session import Snapshot
from bci.types import SourceState
from gui.theme import Theme

__all__ = ["ENABLED", "SessionBar"]

ENABLED: dict[Phase, frozenset[str]] = {
    Phase.CONFIGURE: frozenset(),
    Phase.READY: frozenset({"start", "stop", "record"}),
    Phase.RUNNING: frozenset({"stop", "record"}),
    Phase.STOPPED: frozenset({"new"}),
}
"""What can be done in each phase, beside what can always be done."""

_SIGN = {
    SourceState.RESOLVING: ("◌", "muted"),
    SourceState.CONNECTED: ("◌", "muted"),
    SourceState.FLOWING: ("●", "good"),
    SourceState.RECOVERED: ("●", "good"),
    SourceState.DEGRADED: ("▲", "warning"),
    SourceState.STALLED: ("▲", "warning"),
    SourceState.LOST: ("■", "bad"),
    SourceState.ENDED: ("■", "muted"),
}
_WHY = {
    SourceState.CONNECTED: "connected, no data yet",
    SourceState.STALLED: "stalled: no sample for over half a second",
    SourceState.LOST: "lost: no sample for over 5 s; it is looked for again",
    SourceState.DEGRADED: "degraded",
}


class SessionBar(QWidget):
    """A strip along the top of the window.

    Parameters
    ----------
    actions
        `start`, `stop`, `record` and `new`, which the buttons trigger.
    theme
        Its colours.
    """

    def __init__(self, actions: dict[str, QAction], theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.setAccessibleName("Session")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(8)
        self._phases = QLabel()
        self._phases.setTextFormat(Qt.TextFormat.RichText)
        self._phases.setAccessibleName("Phase")
        layout.addWidget(self._phases)
        self.buttons = {name: _button(actions[name]) for name in ("start", "stop", "record", "new")}
        self.buttons["start"].setProperty("primary", "true")
        for button in self.buttons.values():
            layout.addWidget(button)
        self._busy = QLabel()
        self._busy.setTextFormat(Qt.TextFormat.RichText)
        self._busy.setAccessibleName("Under way")
        layout.addWidget(self._busy)
        layout.addStretch(1)
        self._stream = QLabel()
        self._stream.setTextFormat(Qt.TextFormat.RichText)
        self._stream.setAccessibleName("Stream")
        layout.addWidget(self._stream)
        self._recording = QLabel()
        self._recording.setTextFormat(Qt.TextFormat.RichText)
        self._recording.setAccessibleName("Recording")
        layout.addWidget(self._recording)
        self._clock = QLabel()
        self._clock.setAccessibleName("Elapsed")
        layout.addWidget(self._clock)
        self._actions = actions
        self._phase = Phase.CONFIGURE
        self._told = _Told()
        self._fitted: tuple[object, ...] = ()

    def show_status(self, status: Status) -> None:
        """Show the phase; enable what can be done in it."""
        for name in ("start", "stop", "record", "new"):
            self._actions[name].setEnabled(name in ENABLED[status.phase] and not status.busy)
        self._busy.setText(_coloured(f"{status.busy} …", self.theme.warning) if status.busy else "")
        self._phase = status.phase
        self._fit()

    def show_recording(self, state: RecorderState | None) -> None:
        """Show how the recording stands; None if there is none."""
        text = "" if state is None else _recording_words(state)
        role = "bad" if state is not None and (state.error or state.recording) else "muted"
        self._recording.setText(_coloured(text, getattr(self.theme, role)) if text else "")
        self._recording.setToolTip("" if state is None else state.error)
        on = state is not None and state.phase in (RecorderPhase.STARTING, RecorderPhase.RECORDING)
        self._actions["record"].setText("Stop recording" if on else "Record")
        self._fit()

    def show_stream(self, snapshot: Snapshot, name: str, nominal: float, measured: float, elapsed: float) -> None:
        """Show how the stream is doing.

        Parameters
        ----------
        nominal, measured
            Rates, Hz.
        elapsed
            Seconds of signal since the session was opened.
        """
        sign, role = _SIGN[snapshot.state]
        rate = f"{measured:.1f} of {nominal:g} Hz" if measured else f"{nominal:g} Hz"
        if snapshot.missing:
            rate += f", {snapshot.missing} samples missing"
        what = _WHY.get(snapshot.state, str(snapshot.state))
        self._told = _Told(name, _coloured(f"{sign} {what}", getattr(self.theme, role)), rate)
        self._stream.setToolTip(f"{name}: {what}, {rate}")
        minutes, seconds = divmod(int(elapsed), 60)
        self._clock.setText(f"{minutes // 60:d}:{minutes % 60:02d}:{seconds:02d}")
        self._fit()

    def clear(self) -> None:
        """Forget the session: another one is to be chosen."""
        self.show_status(Status())
        self._told = _Told()
        for label in (self._recording, self._clock):
            label.clear()
        self._stream.setToolTip("")
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Say less where there is little room, but always the present phase and the state of the stream."""
        others = tuple(label.text() for label in (self._busy, self._recording, self._clock))
        key = (self._phase, self._told, others, self.width(), self.theme, self.font().pointSizeF())
        if key == self._fitted:
            return
        self._fitted = key
        layout = self.layout()
        assert layout is not None  # noqa: S101 (for the type checker)
        for phases, stream in ((tuple(Phase), 3), (tuple(Phase), 2), ((self._phase,), 2), ((self._phase,), 1)):
            self._phases.setText(_coloured(" ▸ ", self.theme.muted).join(map(self._named, phases)))
            self._stream.setText(self._told.shortened(stream))
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                return

    def _named(self, phase: Phase) -> str:
        name = str(phase).capitalize()
        if phase is self._phase:
            return f"<b style='color:{self.theme.accent}'>● {name}</b>"
        return _coloured(f"○ {name}", self.theme.muted)


class _Told(NamedTuple):
    """What is said of the stream."""

    name: str = ""
    state: str = ""
    rate: str = ""

    def shortened(self, parts: int) -> str:
        """Say so many of its parts: first the rate is left out, then the name."""
        if not self.state or parts == 1:
            return self.state
        return f"{self.name} {self.state}" + (f" · {self.rate}" if parts == 3 else "")


def _coloured(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{text}</span>"


def _recording_words(state: RecorderState) -> str:
    """Elapsed time, size and what is left on the disk; the sign says the same as the colour."""
    if state.phase is RecorderPhase.FAILED or (state.error and not state.recording):
        return "■ recording failed"
    minutes, seconds = divmod(int(state.seconds), 60)
    size = f"{state.bytes / 1e6:.1f} MB, {state.free_bytes / 1e9:.0f} GB free"
    if state.recording:
        return f"● REC {minutes}:{seconds:02d} · {size}" + ("" if state.growing else " · ▲ does not grow")
    return f"{state.phase} · {size}"


def _button(action: QAction) -> QPushButton:
    button = QPushButton(action.text())
    button.setAccessibleName(action.text())
    button.setToolTip(action.toolTip())
    button.setEnabled(action.isEnabled())
    button.clicked.connect(action.trigger)
    action.enabledChanged.connect(button.setEnabled)
    action.changed.connect(lambda: _rename(button, action.text()))
    return button


def _rename(button: QPushButton, text: str) -> None:
    if button.text() != text:
        button.setText(text)
        button.setAccessibleName(text)
