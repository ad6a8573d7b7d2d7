"""The window: it asks the session how it stands, and hands the answer to the panes whose turn it is."""

import json
import logging
import math
import platform
import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import PYQT_VERSION_STR, QByteArray, Qt, QTimer, qVersion
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import (
    QApplication,
    QLabel,
    QMainWindow,
    QMenu,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bci.clock import Clock, lsl_clock
from bci.conductor import Conductor, Phase, Status
from bci.errors import BciError
from bci.session import Snapshot
from bci.stream_watch import StreamWatch
from bci.types import Decision, SourceState
from bci.viewing import Viewed
from gui import actions, style
from gui.latency_pane import LatencyPane
from gui.meter import Meter
from gui.notices import Notice, NoticeBar, notice_of
from gui.palette import CommandPalette, ShortcutOverlay
from gui.pane import Pane
from gui.panes import PANES
from gui.picker import Picker
from gui.replay_bar import ReplayBar
from gui.session_bar import SessionBar
from gui.settings import Settings, ThemeSetting, save_settings
from gui.timeline_pane import TimelinePane
from gui.trace_pane import TracePane
from gui.turns import Turns
from gui.workspace import PRESETS, Workspace

__all__ = ["Window"]

_LOG = logging.getLogger(__name__)

FRAME = 16  # ms between two frames
NOT_RECORDED = (
    "This session cannot be recorded here: a file is one already, and what is decoded elsewhere is recorded there"
)
SLOWLY = 0.25  # seconds between two looks at what nobody watches closely


class Window(QMainWindow):
    """The dashboard.

    Parameters
    ----------
    conductor
        Takes the session through its phases.
    settings
        What the user has set.
    kept_in
        File to which changed settings are written; None: nowhere.
    pick
        Let the user choose a stream first; otherwise the session opens what it was told to.
    clock
        Seconds on the LSL clock.
    """

    def __init__(
        self,
        conductor: Conductor,
        settings: Settings,
        kept_in: Path | None = None,
        *,
        pick: bool = False,
        clock: Clock = lsl_clock,
    ) -> None:
        super().__init__()
        self.conductor = conductor
        self.settings = settings
        self.meter = Meter()
        self.workspace: Workspace | None = None
        self._kept_in = kept_in
        self._clock = clock
        self._viewed: Viewed | None = None
        self._status: Status | None = None
        self._told: BaseException | None = None
        self._slow_turn = 0.0
        self._certain = False
        self._turns = Turns({})
        self._painted = _Painted()
        self._app = _app()
        self.theme = style.theme_of(settings.theme, self._app)
        self._build(pick=pick)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._guarded_tick)
        self._timer.start(FRAME)
        if not pick:
            QTimer.singleShot(0, self.conductor.prepare)  # the window is painted first

    # ------------------------------------------------------------------------------------------------- building

    def _build(self, *, pick: bool) -> None:
        self.setWindowTitle("bci")
        self.setMinimumSize(960, 600)
        self.resize(1280, 720)
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        style.apply(self._app, self.theme, self.settings.font_points)
        self.actions_by_id = actions.make_actions(self, actions.TABLE, self._handlers())
        self._menu_bar = self.menuBar()
        assert self._menu_bar is not None  # noqa: S101 (for the type checker)
        self.commands = actions.TABLE
        self._signals_menu: QMenu | None = None
        actions.add_menus(self._menu_bar, actions.TABLE, self.actions_by_id)
        self.notices = NoticeBar()
        self.bar = SessionBar(self.actions_by_id, self.theme)
        self.watch = StreamWatch()
        self.picker = Picker(self.watch, self.settings.stream)
        self.picker.chosen.connect(self._open)
        self._waiting = QLabel("getting ready …")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._replay: ReplayBar | None = None
        self._pages = QStackedWidget()
        self._pages.setObjectName("pages")
        self._frame = self._warned = ""
        self._pages.addWidget(self._waiting)
        self._pages.addWidget(self.picker)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.bar, self.notices):
            layout.addWidget(part)
        layout.addWidget(self._pages, 1)
        self._middle = layout
        self.setCentralWidget(middle)
        self._foot = QLabel()
        self._foot.setAccessibleName("Drawing")
        self._status_bar = self.statusBar()
        assert self._status_bar is not None  # noqa: S101 (for the type checker)
        self._status_bar.addPermanentWidget(self._foot)
        if pick:
            self._pages.setCurrentWidget(self.picker)
        hints = self._app.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._follow_desktop)

    def _handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "start": self.conductor.begin,
            "stop": self.ask_to_stop,
            "record": self._record,
            "new": self._new,
            "quit": self.close,
            **{f"preset_{name.lower()}": _bound(self.arrange, name) for name in PRESETS},
            "reset_layout": self._reset_layout,
            "full_screen": self._full_screen,
            "larger": lambda: self._resize_text(1),
            "smaller": lambda: self._resize_text(-1),
            "theme": self._next_theme,
            "screenshot": self.screenshot,
            "diagnostics": self._copy_diagnostics,
            "notices": self._show_notices,
            "palette": self._show_palette,
            "shortcuts": self._show_shortcuts,
        }

    # ---------------------------------------------------------------------------------------------------- frames

    def _guarded_tick(self) -> None:
        try:
            with self.meter.timed("frame"):
                self.tick()
        except Exception as error:  # noqa: BLE001 (whatever goes wrong here, the session goes on)
            self._report(error, "a frame")
        self.meter.frame()

    def tick(self) -> None:
        """Look at the session once and paint what is due."""
        status = self.conductor.status()
        if status is not self._status:
            self._follow(status)
        now = self._clock()
        slowly = now - self._slow_turn >= SLOWLY
        if slowly:
            self._slow_turn = now
        if self._pages.currentWidget() is self.picker:
            if slowly:
                self.picker.refresh()
            return
        if self._viewed is not None and self.isVisible() and not self.isMinimized():
            snapshot = self._viewed.snapshot()
            if status.phase is Phase.STOPPED:  # nobody looks for a stream that was lost before
                snapshot = replace(snapshot, state=SourceState.ENDED)
            self._paint(self._viewed, snapshot, now, slowly=slowly)

    def _paint(self, viewed: Viewed, snapshot: Snapshot, now: float, *, slowly: bool) -> None:
        assert self.workspace is not None  # noqa: S101 (a session that can be viewed has its panes)
        if self._painted.frame(snapshot, now) and self.workspace.seen("LatencyPane"):
            latency = self.workspace.panes["LatencyPane"]
            assert isinstance(latency, LatencyPane)  # noqa: S101 (for the type checker)
            latency.painted(self._painted.seconds)
        for name in self._turns.due(now, self.workspace.seen):
            with self.meter.timed(name):
                self._refresh(self.workspace.panes[name], snapshot)
        if slowly:
            self._follow_recording(viewed)
            if self._replay is not None:
                self._replay.refresh()
            history = viewed.history
            elapsed = (history.end - self._first_sample) / history.sfreq
            stream = viewed.about.stream
            self.bar.show_stream(snapshot, stream.name, stream.sfreq, history.rate(), elapsed)
            self._foot.setText(f"{self._drawing()} · {self.meter.fps:.0f} frames/s")

    def _refresh(self, pane: Pane, snapshot: Snapshot) -> None:
        try:
            pane.refresh(snapshot)
        except Exception as error:  # noqa: BLE001 (a pane that fails takes nothing else with it)
            self._report(error, f"the pane {pane.title!r}")

    def _report(self, error: BaseException, where: str) -> None:
        _LOG.error("%s failed", where, exc_info=error)
        self.notices.add(notice_of(error, where))

    def _drawing(self) -> str:
        signals = self.workspace.panes.get("TracePane") if self.workspace is not None else None
        return str(getattr(signals, "status", ""))

    # ---------------------------------------------------------------------------------------------------- phases

    def _follow(self, status: Status) -> None:
        self._status = status
        self.bar.show_status(status)
        if status.viewed is not None and status.viewed is not self._viewed:
            self._show_session(status.viewed)
        elif status.viewed is None:
            self._waiting.setText(f"{status.busy} …" if status.busy else "nothing is open")
        if status.error is not None and status.error is not self._told:
            self._told = status.error
            self.notices.add(notice_of(status.error, "the session"))
            if self._viewed is None:
                self._pages.setCurrentWidget(self.picker)
        if status.summary is not None and status.phase is Phase.STOPPED and status.error is None:
            self.notices.add(Notice(_conclusion(status.summary, self._viewed), sign="■"))

    def _show_session(self, viewed: Viewed) -> None:
        self._drop_session()
        self._viewed = viewed
        self._painted = _Painted()
        self._first_sample = viewed.history.start
        panes = {name: make(viewed, self.theme) for name, make in PANES.items()}
        self.workspace = Workspace(panes)
        self._adopt_commands(panes["TracePane"])
        timeline = panes["TimelinePane"]
        assert isinstance(timeline, TimelinePane)  # noqa: S101 (for the type checker)
        timeline.trial_chosen.connect(self.go_to)
        self._turns = Turns({name: pane.rate for name, pane in panes.items()})
        self._pages.addWidget(self.workspace)
        self._pages.setCurrentWidget(self.workspace)
        if viewed.player is not None:
            self._replay = ReplayBar(viewed.player, self.theme)
            self._middle.addWidget(self._replay)
        self.setWindowTitle(f"bci - {viewed.about.decoder_name} on {viewed.about.stream.name}")
        self.arrange(self.settings.preset if self.settings.preset in PRESETS else "Experiment")

    def _adopt_commands(self, signals: Pane) -> None:
        """Take what can be done with signals into the menus, the palette and the overlay."""
        assert isinstance(signals, TracePane)  # noqa: S101 (for the type checker)
        signals.bad_marked.connect(self._tell_of_mark)
        told = signals.commands()
        commands = tuple(actions.Command(f"signals_{name}", "Signals", *words) for name, *words, _ in told)
        handlers = {f"signals_{name}": handler for name, *_, handler in told}
        made = actions.make_actions(self.workspace or self, commands, handlers)
        self.commands = (*actions.TABLE, *commands)
        self.actions_by_id |= made
        assert self._menu_bar is not None  # noqa: S101 (for the type checker)
        self._signals_menu = actions.add_menus(self._menu_bar, commands, made)["Signals"]

    def go_to(self, trial: int) -> None:
        """Show the signals round the onset of a decision, if they are still kept."""
        viewed, signals = self._viewed, None if self.workspace is None else self.workspace.panes["TracePane"]
        if viewed is None or not isinstance(signals, TracePane):
            return
        ago = viewed.history.last_time - float(viewed.snapshot().decided.onset[trial])
        half = signals.view.seconds / 2
        kept = (viewed.history.end - viewed.history.start) / viewed.history.sfreq
        if ago + half > kept:
            assert self._status_bar is not None  # noqa: S101 (for the type checker)
            what = f"event {trial} was {ago:.0f} s ago; the last {kept:.0f} s of the signals are kept"
            self._status_bar.showMessage(what, 6000)
        else:
            signals.scroll_to(ago - half)

    def _tell_of_mark(self, label: str, bad: bool) -> None:
        """Say that a mark is for the eye: what the decoder sees is changed by nobody's click."""
        what = f"{label} is {'marked bad' if bad else 'good again'} on this screen; the decoder uses it as before"
        _LOG.warning("%s", what)
        assert self._status_bar is not None  # noqa: S101 (for the type checker)
        self._status_bar.showMessage(what, 6000)

    def _drop_session(self) -> None:
        if self._signals_menu is not None:
            self._signals_menu.deleteLater()
            self._signals_menu = None
            self.commands = actions.TABLE
            self.actions_by_id = {command.id: self.actions_by_id[command.id] for command in actions.TABLE}
        if self.workspace is not None:
            self._pages.removeWidget(self.workspace)
            self.workspace.deleteLater()
            self.workspace = None
        if self._replay is not None:
            self._replay.deleteLater()
            self._replay = None
        self._viewed = None

    def _open(self, stream: str) -> None:
        self._keep(stream=stream)
        self._pages.setCurrentWidget(self._waiting)  # the picker is hidden and lets go of the streams
        self.conductor.prepare(stream)

    def _new(self) -> None:
        self._drop_session()
        self.setWindowTitle("bci")
        self.bar.clear()
        self._foot.clear()
        self._pages.setCurrentWidget(self.picker)

    def ask_to_stop(self) -> None:
        """Ask before a session is ended: an event that is missed cannot be had again."""
        self._ask("End this session?", self.conductor.stop)

    def _ask(self, text: str, then: Callable[[], object]) -> None:
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Question)
        question.setText(text)
        question.setInformativeText("It ends in order; everything so far is kept.")
        question.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel)
        question.setDefaultButton(QMessageBox.StandardButton.Cancel)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.accepted.connect(then)
        question.open()

    # ------------------------------------------------------------------------------------------------------ view

    def arrange(self, preset: str) -> None:
        """Arrange the panes as a preset wants them, or as they were left in it."""
        if self.workspace is None:
            return
        self._keep_layout()
        self.workspace.arrange(preset, self.settings.layouts.get(preset, ""))
        self._keep(preset=preset)

    def _reset_layout(self) -> None:
        if self.workspace is not None:
            preset = self.workspace.preset
            self._keep(layouts={name: kept for name, kept in self.settings.layouts.items() if name != preset})
            self.workspace.arrange(preset)

    def _keep_layout(self) -> None:
        if self.workspace is not None and self.workspace.preset:
            layouts = self.settings.layouts | {self.workspace.preset: self.workspace.layout_text()}
            self._keep(layouts=layouts)

    def _full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _resize_text(self, points: int) -> None:
        self._keep(font_points=min(max(8, self.settings.font_points + points), 20))
        self._restyle()

    def _next_theme(self) -> None:
        order: dict[str, ThemeSetting] = {"dark": "light", "light": "system", "system": "dark"}
        self.set_theme(order[self.settings.theme])
        assert self._status_bar is not None  # noqa: S101 (for the type checker)
        self._status_bar.showMessage(f"theme: {self.settings.theme}", 2000)

    def set_theme(self, theme: ThemeSetting) -> None:
        """Take on the colours of a theme, and keep to them."""
        self._keep(theme=theme)
        self._restyle()

    def _follow_desktop(self, scheme: Qt.ColorScheme) -> None:  # noqa: ARG002 (the theme is asked anew)
        if self.settings.theme == "system":
            self._restyle()

    def _restyle(self) -> None:
        self.theme = style.theme_of(self.settings.theme, self._app)
        style.apply(self._app, self.theme, self.settings.font_points)
        self.bar.theme = self.theme
        if self._status is not None:
            self.bar.show_status(self._status)
        if self.workspace is not None:
            for pane in self.workspace.panes.values():
                pane.set_theme(self.theme)
            if self._replay is not None:
                self._replay.set_theme(self.theme)
            self._turns.hurry(self.workspace.panes)

    def _keep(self, **changed: Any) -> None:
        """Change settings and write them down."""
        self.settings = self.settings.model_copy(update=changed)
        if self._kept_in is not None:
            save_settings(self._kept_in, self.settings)

    # ----------------------------------------------------------------------------------------------------- tools

    def state(self) -> dict[str, Any]:
        """Return what the window shows, for the file beside a screenshot."""
        body: dict[str, Any] = {
            "schema": 1,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "phase": self.conductor.status().phase,
            "theme": self.theme.name,
            "preset": self.settings.preset,
            "frames_per_second": round(self.meter.fps, 1),
            "notices": [notice.text for _, notice in self.notices.notices],
        }
        if self._viewed is not None:
            about, snapshot = self._viewed.about, self._viewed.snapshot()
            body["session"] = {
                "origin": about.origin,
                "stream": asdict(about.stream),
                "decoder": about.decoder_name,
                "model": about.decoder.model,
                "bank": about.decoder.bank,
                "synthetic": about.synthetic,
                "source": snapshot.state,
                "samples": snapshot.samples,
                "decisions": len(snapshot.decided),
                "e_value": snapshot.e_value,
            }
        return body

    def screenshot(self) -> Path:
        """Save the window as PNG and its state beside it; return where."""
        folder = Path.cwd()
        if self._viewed is not None and self._viewed.about.folder is not None:
            folder = self._viewed.about.folder
        path = folder / time.strftime("screenshot-%Y%m%d-%H%M%S.png")
        if not self.grab().save(str(path)):
            self.notices.add(Notice(f"the screenshot could not be written to {path}: is the disk full?"))
            return path
        path.with_suffix(".json").write_text(json.dumps(self.state(), indent=2, default=str), encoding="utf-8")
        assert self._status_bar is not None  # noqa: S101 (for the type checker)
        self._status_bar.showMessage(f"saved {path}", 4000)
        return path

    def _copy_diagnostics(self) -> None:
        screen = self.screen()
        lines = {
            "python": platform.python_version(),
            "system": platform.platform(),
            "qt": f"{qVersion()}, PyQt {PYQT_VERSION_STR}",
            "screen": "" if screen is None else f"{screen.size().width()} x {screen.size().height()}",
            **{
                f"slot {slot}, p50 / p99": f"{self.meter.percentile(slot, 50) * 1e3:.2f} / "
                f"{self.meter.percentile(slot, 99) * 1e3:.2f} ms"
                for slot in self.meter.slots
            },
            "state": json.dumps(self.state(), default=str),
        }
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n".join(f"{name}: {value}" for name, value in lines.items()))

    def _show_palette(self) -> None:
        palette = CommandPalette(self, self.commands, self.actions_by_id)
        palette.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        palette.open()

    def _show_shortcuts(self) -> None:
        overlay = ShortcutOverlay(self, self.commands)
        overlay.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        overlay.open()

    def _show_notices(self) -> None:
        self.notices.show_all()

    def _record(self) -> None:
        """Begin a recording, or end the one that is on."""
        recordings = None if self._viewed is None else self._viewed.recordings
        if self._viewed is None or recordings is None:
            self.notices.add(Notice(NOT_RECORDED))
        elif recordings.on:
            recordings.stop()
        else:
            try:
                recordings.start(self._viewed.snapshot().state)
            except BciError as error:
                self.notices.add(notice_of(error, "recording"))

    def _follow_recording(self, viewed: Viewed) -> None:
        """Show how the recording stands, in the bar, as a frame, and on the timeline."""
        if viewed.recordings is None:
            return
        state = viewed.recordings.state()
        self.bar.show_recording(state)
        on = state is not None and state.recording
        framed = f"border: 3px solid {self.theme.bad};" if on else "border: none;"
        if framed != self._frame:
            self._frame = framed
            self._pages.setStyleSheet(f"#pages {{ {framed} }}")
        timeline = None if self.workspace is None else self.workspace.panes["TimelinePane"]
        if isinstance(timeline, TimelinePane) and viewed.recordings.on:
            timeline.recording(viewed.recordings.spans)
        if state is not None and state.error and state.error != self._warned:
            self._warned = state.error
            self.notices.add(Notice(state.error))

    # ------------------------------------------------------------------------------------------------------- end

    def close_at_once(self) -> None:
        """Close without a question."""
        self._certain = True
        self.close()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Ask if a session runs; then ask it to end, keep the settings, let go of everything."""
        if not self._certain and self.conductor.status().phase is Phase.RUNNING:
            if event is not None:
                event.ignore()
            self._ask("End the session and close the window?", self.close_at_once)
            return
        self._timer.stop()
        self.watch.stop()
        self.conductor.stop("the window was closed")
        self._keep_layout()
        self._keep(geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)


class _Painted:
    """How long decisions took from the sinks to the screen: they are seen once the frame after theirs has begun.

    Of decisions that come between two frames the last one alone is seen.
    """

    def __init__(self) -> None:
        self._seconds = array("d")
        self._waiting: Decision | None = None

    def frame(self, snapshot: Snapshot, now: float) -> bool:
        """Take in that a frame begins; say whether a decision has been seen meanwhile."""
        before, self._waiting = self._waiting, snapshot.recent[-1] if snapshot.recent else None
        if before is None or before.seq < len(self._seconds):
            return False
        self._seconds.extend([math.nan] * (before.seq - len(self._seconds)))
        self._seconds.append(now - before.published)
        return True

    @property
    def seconds(self) -> NDArray[np.float64]:
        """(m,) for the first m decisions; NaN for those that were replaced before they could be seen."""
        return np.array(self._seconds)


def _conclusion(summary: Mapping[str, Any], viewed: Viewed | None) -> str:
    where = "" if viewed is None or viewed.about.folder is None else f"; everything is in {viewed.about.folder}"
    return f"The session ended ({summary.get('ended', '')}): {summary.get('events', 0)} events{where}"


def _bound(function: Callable[[str], object], value: str) -> Callable[[], object]:
    return lambda: function(value)


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)  # noqa: S101 (a window needs one)
    return app
