"""What the dashboard costs: a session without it, with it, and without it again, in one run."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QObject, QTimer
from PyQt6.QtWidgets import QApplication

from bci.conductor import Conductor, Phase, Status, Watch
from bci.errors import SessionError
from bci.viewing import Viewed
from gui.meter import Meter
from gui.settings import Settings
from gui.trace_canvas import TraceCanvas
from gui.trace_marks import MarkBar
from gui.window import Window

__all__ = [
    "Cost",
    "Milliseconds",
    "Onlooker",
    "latencies",
    "measure",
    "percentiles",
    "running",
    "spin",
    "tell_first_paint",
]

SETTLING = 5.0  # s after the window has opened, while nothing is measured
Milliseconds = dict[str, float]
"""By the name of the percentile, such as `p99`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was measured.

    Parameters
    ----------
    minutes
        How long the window was open.
    fps
        Frames a second, of 60 that are asked for.
    trace_paint_ms
        Painting signals, per frame: new columns into the pixmap and the pixmap onto the screen.
    slot_ms
        Every event that the GUI thread handled.
    latency_ms
        Of decisions, `headless` and `gui`; and the `difference` of each percentile.
    decisions, dropped
        Of the whole run.
    cold_start_s
        From the start of the interpreter until the window is painted, nothing loaded yet.
    anon_growth_mb
        Memory of this process that is no file's, at the end minus at the beginning of the time with the window;
        None where the system does not tell.
    """

    minutes: float
    fps: float
    trace_paint_ms: Milliseconds
    slot_ms: Milliseconds
    latency_ms: dict[str, Milliseconds]
    decisions: int
    dropped: int
    anon_growth_mb: float | None
    cold_start_s: float = math.nan


class TimedApplication(QApplication):
    """Measures every event that it delivers."""

    meter = Meter()

    def notify(self, receiver: QObject | None, event: QEvent | None) -> bool:
        """Deliver an event."""
        start = time.perf_counter()
        traces = isinstance(receiver, TraceCanvas | MarkBar)
        painted = traces and event is not None and event.type() == QEvent.Type.Paint
        handled = super().notify(receiver, event)
        self.meter.add("event", time.perf_counter() - start)
        if painted:
            self.meter.add("trace", time.perf_counter() - start)
        return handled


def measure(conductor: Conductor, minutes: float, anonymous: Callable[[], int | None]) -> Cost:
    """Measure a session that is about to run.

    Parameters
    ----------
    conductor
        Its session runs for as long as is measured.
    minutes
        How long the window is open; a fifth of it before and after there is none.
    anonymous
        Tells how many bytes of memory this process has that are no file's.

    Raises
    ------
    SessionError
        If the session does not run to the end of the measurement.
    """
    app = TimedApplication(["bci"])
    conductor.prepare()
    viewed = running(conductor)
    without = minutes * 60 / 5
    time.sleep(SETTLING)
    before = latencies(viewed, lambda: time.sleep(without))
    window = Window(Onlooker(conductor), Settings())
    window.show()
    spin(app, SETTLING)
    app.meter, window.meter = Meter(), Meter()
    at_first = anonymous()
    shown = latencies(viewed, lambda: spin(app, minutes * 60))
    at_last = anonymous()
    window.let_go()
    after = latencies(viewed, lambda: time.sleep(without))
    ran = conductor.status().phase is Phase.RUNNING
    decided = viewed.snapshot().decided
    conductor.close()
    conductor.raise_error()
    if not ran:
        raise SessionError("the session ended before the measurement did")
    headless, gui = percentiles(np.concatenate([before, after])), percentiles(shown)
    return Cost(
        minutes=minutes,
        fps=round(window.meter.mean_fps, 2),
        trace_paint_ms=_trace_paint(app.meter, window.meter),
        slot_ms=_slot(app.meter, "event"),
        latency_ms={
            "headless": headless,
            "gui": gui,
            "difference": {name: round(gui[name] - headless[name], 3) for name in gui},
        },
        decisions=len(decided),
        dropped=int((~decided.ranked).sum()),
        anon_growth_mb=None if at_first is None or at_last is None else round((at_last - at_first) / 1e6, 2),
    )


def tell_first_paint(said: Callable[[], None]) -> QApplication:
    """Make an application that calls back when a window has been painted for the first time, and ends."""
    app = QApplication(["bci"])
    app.installEventFilter(_FirstPaint(app, said))
    return app


class _FirstPaint(QObject):
    def __init__(self, app: QApplication, said: Callable[[], None]) -> None:
        super().__init__(app)
        self._app = app
        self._said = said

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802 (Qt's name)
        if isinstance(watched, Window) and event is not None and event.type() == QEvent.Type.Paint:
            self._app.removeEventFilter(self)
            QTimer.singleShot(0, self._tell)
        return False

    def _tell(self) -> None:
        self._said()
        self._app.exit()


class Onlooker(Conductor):
    """Shows the session of another conductor, and leaves it alone."""

    def __init__(self, of: Conductor) -> None:
        super().__init__(_open_nothing)
        self._of = of

    def status(self) -> Status:
        """Return how the other one stands."""
        return self._of.status()

    def prepare(self, stream: str | None = None) -> None:
        """Do nothing: it is open already."""


def _open_nothing(stream: str | None, watch: Watch) -> None:
    """An onlooker has no session of its own."""


def running(conductor: Conductor) -> Viewed:
    """Wait until the session runs."""
    while (status := conductor.status()).phase is not Phase.RUNNING:
        conductor.raise_error()
        time.sleep(0.05)
    assert status.viewed is not None  # noqa: S101 (a session that runs can be viewed)
    return status.viewed


def latencies(viewed: Viewed, pass_time: Callable[[], object]) -> NDArray[np.float64]:
    """Return the latencies (n,) in seconds of the decisions that are made while time passes."""
    first = len(viewed.snapshot().decided)
    pass_time()
    return viewed.snapshot().decided.latency[first:]


def spin(app: QApplication, seconds: float) -> None:
    """Let the window live for a while."""
    QTimer.singleShot(int(seconds * 1e3), app.exit)  # `quit` would ask whether the session may end
    app.exec()


def _trace_paint(events: Meter, slots: Meter) -> Milliseconds:
    """Into the pixmap and onto the screen; percentiles of both added, which is at least that of the sum."""
    into, onto = _slot(slots, "TracePane"), _slot(events, "trace")
    return {name: round(into[name] + onto[name], 3) for name in into}


def _slot(meter: Meter, slot: str) -> Milliseconds:
    return {f"p{percent}": round(meter.percentile(slot, percent) * 1e3, 3) for percent in (50, 95, 99)}


def percentiles(seconds: NDArray[np.float64]) -> Milliseconds:
    """Return p50, p95 and p99 of durations."""
    return {f"p{percent}": round(float(np.percentile(seconds, percent)) * 1e3, 3) for percent in (50, 95, 99)}
