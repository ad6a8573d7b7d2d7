"""Where the session stands: its four phases, what can be done in each, and how the stream is doing."""

from html import escape
from textwrap import shorten
from typing import NamedTuple

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from bci.conductor import Phase, Status
from bci.recorder import RecorderPhase, RecorderState
from bci.snapshot import Snapshot
from bci.types import SourceState
from gui.numbers import clock
from gui.theme import Theme

__all__ = ["BUTTONS", "ENABLED", "STEERS", "SessionBar"]

BUTTONS = ("start", "stop", "record", "new")
STEERS = (*BUTTONS, "pause", "exclude", "note")
"""What depends on the phase, of which some have no button."""
ENABLED: dict[Phase, frozenset[str]] = {
    Phase.CONFIGURE: frozenset(),
    Phase.READY: frozenset({"start", "stop", "record", "note"}),
    Phase.RUNNING: frozenset({"stop", "record", "pause", "exclude", "note"}),
    Phase.STOPPED: frozenset({"new"}),
}
"""What can be done in each phase, beside what can always be done."""

_LETTERS = 60
"""Of what the stream does, and why, that are shown; the tooltip has all of them."""

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


class SessionBar(QWidget):
    """A strip along the top of the window.

    Parameters
    ----------
    actions
        Those of `STEERS`; the buttons trigger those of `BUTTONS`.
    theme
        Its colours.
    """

    def __init__(self, actions: dict[str, QAction], theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._actions = actions
        self._status = Status()
        self._paused = False
        self._told = _Told()
        self._fitted: tuple[object, ...] = ()
        self.setAccessibleName("Session")
        self.buttons = {name: _button(actions[name]) for name in BUTTONS}
        self.buttons["start"].setProperty("primary", "true")
        self._phases, self._busy = _label("Phase"), _label("Under way")
        self._stream, self._recording, self._clock = _label("Stream"), _label("Recording"), _label("Elapsed")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(8)
        for widget in (self._phases, *self.buttons.values(), self._busy):
            layout.addWidget(widget)
        layout.addStretch(1)
        for label in (self._stream, self._recording, self._clock):
            layout.addWidget(label)

    def show_status(self, status: Status) -> None:
        """Show the phase; enable what can be done in it."""
        for name in STEERS:
            self._actions[name].setEnabled(name in ENABLED[status.phase] and not status.busy)
        self._busy.setText(_coloured(f"{status.busy} …", self._theme.warning) if status.busy else "")
        self._status = status
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        self._theme = theme
        self.show_status(self._status)

    def show_recording(self, state: RecorderState | None) -> None:
        """Show how the recording stands; None if there is none."""
        colour = self._theme.bad if state is not None and (state.error or state.recording) else self._theme.muted
        self._recording.setText("" if state is None else _coloured(_recording_words(state), colour))
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
        self._paused = snapshot.paused
        self._actions["pause"].setText("Resume decoding" if snapshot.paused else "Pause decoding")
        sign, role = _SIGN[snapshot.state]
        rate = f"{measured:.1f} of {nominal:g} Hz" if measured else f"{nominal:g} Hz"
        if snapshot.missing:
            rate += f", {snapshot.missing} samples missing"
        what = f"{snapshot.state}: {snapshot.reason}" if snapshot.reason else str(snapshot.state)
        short = escape(shorten(what, _LETTERS, placeholder=" …"))
        self._told = _Told(escape(name), _coloured(f"{sign} {short}", getattr(self._theme, role)), rate)
        self._stream.setToolTip(f"{name}: {what}, {rate}")
        self._clock.setText(clock(elapsed))
        self._fit()

    def clear(self) -> None:
        """Forget the session: another one is to be chosen."""
        self._told = _Told()
        self._paused = False
        for label in (self._recording, self._clock):
            label.clear()
        self._stream.setToolTip("")
        self.show_status(Status())

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Say less where there is little room, but always the present phase and the state of the stream."""
        phase = self._status.phase
        others = tuple(label.text() for label in (self._busy, self._recording, self._clock))
        key = (phase, self._paused, self._told, others, self.width(), self._theme, self.font().pointSizeF())
        if key == self._fitted:
            return
        self._fitted = key
        layout = self.layout()
        assert layout is not None  # noqa: S101 (for the type checker)
        for phases, stream in ((tuple(Phase), 3), (tuple(Phase), 2), ((phase,), 2), ((phase,), 1)):
            self._phases.setText(_coloured(" ▸ ", self._theme.muted).join(map(self._named, phases)))
            self._stream.setText(self._told.shortened(stream))
            layout.invalidate()
            if layout.minimumSize().width() <= self.width():
                return

    def _named(self, phase: Phase) -> str:
        name = str(phase).capitalize()
        if phase is self._status.phase:
            paused = self._paused and phase is Phase.RUNNING
            colour = self._theme.warning if paused else self._theme.accent
            return f"<b style='color:{colour}'>{'‖ Paused' if paused else f'● {name}'}</b>"
        return _coloured(f"○ {name}", self._theme.muted)


class _Told(NamedTuple):
    """What is said of the stream, as rich text."""

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
    size = f"{state.bytes / 1e6:.1f} MB, {state.free_bytes / 1e9:.0f} GB free"
    if state.recording:
        return f"● REC {clock(state.seconds)} · {size}" + ("" if state.growing else " · ▲ does not grow")
    return f"{state.phase} · {size}"


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setAccessibleName(name)
    return label


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
