"""Where the session stands: its four phases, what can be done in each, and how the stream is doing."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
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

    def show_status(self, status: Status) -> None:
        """Show the phase; enable what can be done in it."""
        for name in ("start", "stop", "record", "new"):
            self._actions[name].setEnabled(name in ENABLED[status.phase] and not status.busy)
        words = [self._phase(phase, status.phase) for phase in Phase]
        busy = f" <span style='color:{self.theme.warning}'>· {status.busy} …</span>" if status.busy else ""
        text = f"<span style='color:{self.theme.muted}'> ▸ </span>".join(words) + busy
        if text != self._phases.text():
            self._phases.setText(text)

    def show_recording(self, state: RecorderState | None) -> None:
        """Show how the recording stands; None if there is none."""
        text = "" if state is None else _recording_words(state)
        role = "bad" if state is not None and (state.error or state.recording) else "muted"
        self._recording.setText(f"<span style='color:{getattr(self.theme, role)}'>{text}</span>" if text else "")
        self._recording.setToolTip("" if state is None else state.error)
        on = state is not None and state.phase in (RecorderPhase.STARTING, RecorderPhase.RECORDING)
        self._actions["record"].setText("Stop recording" if on else "Record")

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
        what = _WHY.get(snapshot.state, str(snapshot.state))
        colour = getattr(self.theme, role)
        self._stream.setText(f"{name} <span style='color:{colour}'>{sign} {what}</span> · {rate}")
        minutes, seconds = divmod(int(elapsed), 60)
        self._clock.setText(f"{minutes // 60:d}:{minutes % 60:02d}:{seconds:02d}")

    def _phase(self, phase: Phase, now: Phase) -> str:
        name = str(phase).capitalize()
        if phase is now:
            return f"<b style='color:{self.theme.accent}'>● {name}</b>"
        return f"<span style='color:{self.theme.muted}'>○ {name}</span>"


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
