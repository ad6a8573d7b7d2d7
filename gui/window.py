"""The dashboard: it asks the session how it stands, and hands the answer to the panes whose turn it is."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QCloseEvent
from PyQt6.QtWidgets import QFileDialog, QLabel, QMenu, QMessageBox, QStackedWidget, QVBoxLayout, QWidget

from bci.clock import Clock, lsl_clock
from bci.conductor import Conductor, Phase, Status
from bci.errors import BciError
from bci.snapshot import Snapshot
from bci.stream_watch import StreamWatch
from bci.types import SourceState
from bci.viewing import Viewed
from gui.actions import TABLE, Command
from gui.base_window import BaseWindow, open_dialog
from gui.diagnostics import conclusion, diagnostics, session_state
from gui.latency_pane import LatencyPane
from gui.meter import Meter
from gui.mismatch_banner import MismatchBanner
from gui.notices import Notice, notice_of
from gui.painted import Painted
from gui.panes import PANES
from gui.picker import Picker
from gui.record_dialogs import ExcludeDialog, NoteDialog
from gui.recording_control import RecordingControl
from gui.replay_bar import ReplayBar
from gui.session_bar import SessionBar
from gui.settings import Settings
from gui.timeline_pane import TimelinePane
from gui.trace_pane import TracePane
from gui.turns import Turns
from gui.workspace import PRESETS, Workspace

__all__ = ["Window"]

_LOG = logging.getLogger(__name__)

FRAME = 16  # ms between two frames
IN_ORDER = "It ends in order; everything so far is kept."
MADE_UP = (
    "What they would show is made up from the other channels, from now on and in every decision, which says so. "
    "Windows that reach across the change are lost."
)
PAINTED_OVER = "TruthPane", "ReconstructionPane"  # the second of which shows what was seen as well
SLOWLY = 0.25  # seconds between two looks at what nobody watches closely


class Window(BaseWindow):
    """The dashboard.

    Parameters
    ----------
    conductor
        Takes the session through its phases.
    settings, kept_in
        See `BaseWindow`.
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
        super().__init__(settings, kept_in)
        self.conductor = conductor
        self.meter = Meter()
        self.workspace: Workspace | None = None
        self._clock = clock
        self._viewed: Viewed | None = None
        self._status = Status()
        self._slow_turn = 0.0
        self._certain = False
        self._switching: Future[None] | None = None
        self._build()
        self._pages.setCurrentWidget(self.picker if pick else self._waiting)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._frame)
        self._timer.start(FRAME)
        if not pick:
            QTimer.singleShot(0, self.conductor.prepare)  # the window is painted first

    # ------------------------------------------------------------------------------------------------- building

    def _build(self) -> None:
        self.setWindowTitle("bci")
        self.add_commands(TABLE, self.handlers())
        self.bar = SessionBar(self.actions_by_id, self.theme)
        self.watch = StreamWatch()
        self.picker = Picker(self.watch, self.settings.stream)
        self.picker.chosen.connect(self._open)
        self._waiting = QLabel("getting ready …")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._pages.setObjectName("pages")
        self._mismatch = MismatchBanner(self.theme)
        self._pages.addWidget(self._waiting)
        self._pages.addWidget(self.picker)
        self._recording = RecordingControl(self.bar, self._pages, self.notices)
        self._signals_menu: QMenu | None = None
        self._replay: ReplayBar | None = None
        middle = QWidget()
        self._middle = QVBoxLayout(middle)
        self._middle.setContentsMargins(0, 0, 0, 0)
        self._middle.setSpacing(0)
        for part, stretch in ((self.bar, 0), (self._mismatch, 0), (self.notices, 0), (self._pages, 1)):
            self._middle.addWidget(part, stretch)
        self.setCentralWidget(middle)
        self._foot = QLabel()
        self._foot.setAccessibleName("Drawing")
        self.status_bar.addPermanentWidget(self._foot)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what the commands of the table do."""
        return super().handlers() | {
            "start": self.conductor.begin,
            "stop": lambda: self._ask("End this session?", IN_ORDER, self.conductor.stop),
            "leave_out": self._leave_out,
            "pause": partial(self._steer, "pausing", self.conductor.pause),
            "exclude": lambda: open_dialog(ExcludeDialog(self, self._exclude)),
            "note": lambda: open_dialog(NoteDialog(self, self._note)),
            "switch": self._choose_decoder,
            "record": lambda: self._recording.toggle(self._viewed),
            "new": self._new,
            **{f"preset_{name.lower()}": partial(self.arrange, name) for name in PRESETS},
            "reset_layout": self._reset_layout,
            "diagnostics": self._copy_diagnostics,
            "notices": self.notices.show_all,
        }

    # ---------------------------------------------------------------------------------------------------- frames

    @contextmanager
    def _guarded(self, slot: str, where: str) -> Iterator[None]:
        """Measure a slot; what fails in it is told of and takes nothing else with it."""
        try:
            with self.meter.timed(slot):
                yield
        except Exception as error:  # noqa: BLE001 (whatever goes wrong here, the session goes on)
            self.report(error, where)

    def _frame(self) -> None:
        with self._guarded("frame", "a frame"):
            self.tick()
        self.meter.frame()

    def tick(self) -> None:
        """Look at the session once and paint what is due."""
        status = self.conductor.status()
        if status is not self._status:
            self._follow(status)
        self._follow_switch()
        now = self._clock()
        slowly = now - self._slow_turn >= SLOWLY
        if slowly:
            self._slow_turn = now
        if self._pages.currentWidget() is self.picker:
            if slowly:
                self.picker.refresh()
        elif self._viewed is not None:
            shown = self.isVisible() and not self.isMinimized()
            if shown or slowly:
                self._give_turns(self._viewed, status, now, shown=shown, slowly=slowly)

    def _give_turns(self, viewed: Viewed, status: Status, now: float, *, shown: bool, slowly: bool) -> None:
        """Let panes paint whose turn it is; some that cannot be seen take in what they would miss."""
        workspace, snapshot = self.workspace, viewed.snapshot()
        assert workspace is not None  # noqa: S101 (a session that can be viewed has its panes)
        if status.phase is Phase.STOPPED:  # nobody looks for a stream that was lost before
            snapshot = replace(snapshot, state=SourceState.ENDED)

        def seen(name: str) -> bool:
            return shown and workspace.seen(name)

        if shown and self._painted.frame(snapshot, now) and seen("LatencyPane"):
            workspace.pane(LatencyPane).painted(self._painted.seconds)
        for name in self._turns.due(now, lambda name: PANES[name].always or seen(name)):
            pane = workspace.panes[name]
            with self._guarded(name, f"the pane {pane.title!r}"):
                (pane.refresh if seen(name) else pane.follow)(snapshot)
        if shown and slowly:
            self._paint_rim(viewed, workspace, snapshot)

    def _paint_rim(self, viewed: Viewed, workspace: Workspace, snapshot: Snapshot) -> None:
        """Show what stands round the panes."""
        if viewed.recordings is not None:
            self._recording.follow(viewed.recordings, self.theme, workspace.pane(TimelinePane))
        if self._replay is not None:
            self._replay.refresh()
        history, stream = viewed.history, viewed.about.stream
        elapsed = (history.end - self._first_sample) / history.sfreq
        self.bar.show_stream(snapshot, stream.name, stream.sfreq, history.rate(), elapsed)
        self._foot.setText(f"{workspace.pane(TracePane).status} · {self.meter.fps:.0f} frames/s")

    # ---------------------------------------------------------------------------------------------------- phases

    def _follow(self, status: Status) -> None:
        before, self._status = self._status, status
        self.bar.show_status(status)
        if status.viewed is not None and status.viewed is not self._viewed:
            self._show_session(status.viewed)
        elif status.viewed is None:
            self._waiting.setText(f"{status.busy} …" if status.busy else "nothing is open")
        if status.error is not None and status.error is not before.error:
            self.notices.add(notice_of(status.error, "the session"))
            if self._viewed is None:
                self._pages.setCurrentWidget(self.picker)
        if status.summary is not None and status.phase is Phase.STOPPED and status.error is None:
            self.notices.add(Notice(conclusion(status.summary, self._viewed), sign="■"))

    def _show_session(self, viewed: Viewed) -> None:
        self._keep_layout()
        self._drop_session()
        self._first_sample = viewed.history.start
        self._painted = Painted()
        self._turns = Turns({name: pane.rate for name, pane in PANES.items()})
        self.workspace = Workspace({name: make(viewed, self.theme) for name, make in PANES.items()})
        self._viewed = viewed
        self._mismatch.say(viewed.about.mismatch)
        self.workspace.pane(TimelinePane).trial_chosen.connect(self.go_to)
        self._adopt_signals(self.workspace, self.workspace.pane(TracePane))
        self._pages.addWidget(self.workspace)
        self._pages.setCurrentWidget(self.workspace)
        if viewed.player is not None:
            self._replay = ReplayBar(viewed.player, self.theme)
            self._middle.addWidget(self._replay)
        self.setWindowTitle(f"bci - {viewed.about.decoder_name} on {viewed.about.stream.name}")
        self.arrange(self.settings.preset if self.settings.preset in PRESETS else "Experiment")

    def _adopt_signals(self, workspace: Workspace, signals: TracePane) -> None:
        """Take what can be done with signals into the menus, the palette and the overlay."""
        signals.bad_marked.connect(self._tell_of_mark)
        told = signals.commands()
        commands = [Command(f"signals_{name}", "Signals", *words) for name, *words, _ in told]
        handlers = {f"signals_{name}": handler for name, *_, handler in told}
        self._signals_menu = self.add_commands(commands, handlers, workspace)["Signals"]

    def go_to(self, trial: int) -> None:
        """Show the signals round the onset of a decision, if they are still kept."""
        if self._viewed is None or self.workspace is None:
            return
        history, signals = self._viewed.history, self.workspace.pane(TracePane)
        ago = history.last_time - float(self._viewed.snapshot().decided.onset[trial])
        half = signals.view.seconds / 2
        kept = (history.end - history.start) / history.sfreq
        if ago + half > kept:
            self.say(f"event {trial} was {ago:.0f} s ago; the last {kept:.0f} s of the signals are kept")
        else:
            signals.scroll_to(ago - half)

    def _tell_of_mark(self, label: str, bad: bool) -> None:
        """Say that a mark is for the eye: what the decoder sees is not changed by a click alone."""
        what = f"{label} is {'marked bad' if bad else 'good again'} on this screen"
        keys = self.actions_by_id["leave_out"].shortcut().toString()
        _LOG.warning("%s", what)
        self.say(f"{what}; for the decoder nothing changes before {keys}")

    def _leave_out(self) -> None:
        """Ask, then let the decoder do without the channels that are marked bad."""
        if self.workspace is None:
            return
        bad = self.workspace.pane(TracePane).choice.bad
        if bad:
            self._ask(f"Decode without {', '.join(sorted(bad))}?", MADE_UP, partial(self._decode_without, bad))
        else:
            self._ask("Decode with all channels?", "None is marked bad.", partial(self._decode_without, bad))

    def _decode_without(self, bad: frozenset[str]) -> None:
        self._steer("leaving channels out", partial(self.conductor.leave_out, bad))

    def _exclude(self, start: float, stop: float) -> None:
        self._steer("excluding a stretch", partial(self.conductor.exclude, start, stop))

    def _note(self, text: str) -> None:
        self._steer("writing a note", partial(self.conductor.note, text))

    def _steer(self, what: str, do: Callable[[], object]) -> None:
        """Do something to the session; what it refuses is told of."""
        try:
            do()
        except BciError as error:
            self.notices.add(notice_of(error, what))

    def _choose_decoder(self) -> None:
        dialog = QFileDialog(
            self,
            "Bundle, calibration or bank to decode with",
            filter="Bundles, calibrations, banks (bundle.json calibration.json *.safetensors)",
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.switch_to(Path(path)))
        dialog.open()

    def switch_to(self, file: Path) -> None:
        """Decode with what a file holds from now on; what does not fit is told, and changes nothing."""
        self._switching = self.conductor.switch(file)

    def _follow_switch(self) -> None:
        if self._switching is None or not self._switching.done():
            return
        done, self._switching = self._switching, None
        if (error := done.exception()) is not None:
            self.notices.add(notice_of(error, "switching the decoder"))
        elif self._viewed is not None:
            decoder = self._viewed.about.decoder
            self.say(f"decoder {decoder.model}, bank {decoder.bank}: figures are its own from now on")

    def _drop_session(self) -> None:
        if self._signals_menu is not None:
            self._signals_menu.deleteLater()
            self._signals_menu = None
            self.commands = TABLE
            self.actions_by_id = {command.id: self.actions_by_id[command.id] for command in TABLE}
        if self.workspace is not None:
            self._pages.removeWidget(self.workspace)
            self.workspace.deleteLater()
            self.workspace = None
        if self._replay is not None:
            self._replay.deleteLater()
            self._replay = None
        self._mismatch.say(None)
        self._viewed = None

    def _open(self, stream: str) -> None:
        self.keep(stream=stream)
        self._pages.setCurrentWidget(self._waiting)  # the picker is hidden and lets go of the streams
        self.conductor.prepare(stream)

    def _new(self) -> None:
        self._drop_session()
        self.setWindowTitle("bci")
        self.bar.clear()
        self._foot.clear()
        self._pages.setCurrentWidget(self.picker)

    def _ask(self, text: str, detail: str, then: Callable[[], object]) -> None:
        """Ask before something is done that costs events: one that is missed cannot be had again."""
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel
        question = QMessageBox(QMessageBox.Icon.Question, "", text, yes | no, self)
        question.setInformativeText(detail)
        question.setDefaultButton(no)
        question.accepted.connect(then)
        open_dialog(question)

    # ------------------------------------------------------------------------------------------------------ view

    def arrange(self, preset: str) -> None:
        """Arrange the panes as a preset wants them, or as they were left in it."""
        if self.workspace is not None:
            self._keep_layout()
            self._place(self.workspace, preset, self.settings.layouts.get(preset, ""))
            self.keep(preset=preset)

    def _place(self, workspace: Workspace, preset: str, saved: str = "") -> None:
        """Arrange the panes; what a session paints is seen from its first picture on."""
        workspace.arrange(preset, saved)
        if self._viewed is not None and self._viewed.painting is not None:
            workspace.cover(*PAINTED_OVER)

    def _reset_layout(self) -> None:
        if self.workspace is not None:
            preset = self.workspace.preset
            self.keep(layouts={name: kept for name, kept in self.settings.layouts.items() if name != preset})
            self._place(self.workspace, preset)

    def _keep_layout(self) -> None:
        if self.workspace is not None and self.workspace.preset:
            self.workspace.uncover(*PAINTED_OVER)  # the next session may paint nothing
            self.keep(layouts=self.settings.layouts | {self.workspace.preset: self.workspace.layout_text()})

    def restyle(self) -> None:
        """Take on theme and size of text, everywhere."""
        super().restyle()
        self.bar.set_theme(self.theme)
        self._mismatch.set_theme(self.theme)
        if self._replay is not None:
            self._replay.set_theme(self.theme)
        if self.workspace is not None:
            for pane in self.workspace.panes.values():
                pane.set_theme(self.theme)
            self._turns.hurry(self.workspace.panes)

    # ----------------------------------------------------------------------------------------------------- tools

    def state(self) -> dict[str, Any]:
        """Return what the window shows, for the file beside a screenshot."""
        body = super().state() | {
            "phase": self.conductor.status().phase,
            "preset": self.settings.preset,
            "frames_per_second": round(self.meter.fps, 1),
        }
        return body if self._viewed is None else body | {"session": session_state(self._viewed)}

    def folder(self) -> Path:
        """Return where screenshots are saved: with the session, if it is written here."""
        kept = None if self._viewed is None else self._viewed.about.folder
        return kept or super().folder()

    def _copy_diagnostics(self) -> None:
        clipboard = self._app.clipboard()
        if clipboard is not None:
            clipboard.setText(diagnostics(self.meter, self.screen(), self.state()))

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
            self._ask("End the session and close the window?", IN_ORDER, self.close_at_once)
            return
        self._timer.stop()
        self.watch.stop()
        self.conductor.stop("the window was closed")
        self._keep_layout()
        super().closeEvent(event)
