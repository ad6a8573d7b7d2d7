"""The signals, as they come: traces, events at their sample times, and what is wrong with either.

What is filtered and referenced here is for eyes only; the decoder has a preprocessing of its own, named beside it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from PyQt6.QtCore import QEvent, QPoint, Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from bci.clock import Clock, lsl_clock
from bci.display_filter import DisplaySpec
from bci.snapshot import Snapshot
from bci.types import SourceState
from bci.viewing import Viewed
from gui.channel_list import ChannelList, Choice
from gui.numbers import duration
from gui.pane import Pane
from gui.theme import Theme
from gui.trace_banner import Banner
from gui.trace_controls import TABLE, Command, TraceControls
from gui.trace_events import POOL, DecisionMarks, TraceMark
from gui.trace_marks import MarkBar
from gui.trace_playhead import Playhead
from gui.trace_reader import Piece, TraceReader
from gui.trace_rows import TraceRows
from gui.trace_time_bar import TimeBar
from gui.trace_view import WINDOWS, View
from gui.trace_watch import Watch
from gui.words import Words

__all__ = ["TracePane"]


class TracePane(Pane):
    """Traces of all channels with events, scale, filters and a way back in time.

    Parameters
    ----------
    viewed
        The session.
    theme
        Its colours.
    clock
        Seconds on the LSL clock.
    """

    title: ClassVar = "Signals"
    help: ClassVar = "Signals as they are received, with events and decisions at their sample times."
    rate: ClassVar = 60.0

    bad_marked = pyqtSignal(str, bool)
    """A channel was marked bad, or good again, for display; the decoder does not hear of it."""

    def __init__(self, viewed: Viewed, theme: Theme, clock: Clock = lsl_clock) -> None:
        super().__init__(viewed, theme)
        self.setToolTip("")  # the parts say more
        self._channels, self._sfreq = viewed.about.stream.channels, viewed.about.stream.sfreq
        self.view, self.choice = View(), Choice()
        self.playhead = Playhead(viewed.history, self._show_controls)
        self._reader = TraceReader(viewed.history, self._channels)
        self._watch = Watch(viewed.history, clock, played=viewed.player is not None)
        self._decisions = DecisionMarks(viewed)
        self._state, self._made_up = SourceState.RESOLVING, viewed.about.interpolated
        self._stale = True  # columns are to be read anew
        self._scrolled_to: int | None = None  # where they were read
        self._placed = -1  # end of the samples that marks are placed for
        self._build()
        self._lay_out()
        self.set_theme(theme)
        self._change()
        self.rows.lay(self.choice, self.view)

    # ------------------------------------------------------------------------------------------------- refreshing

    def refresh(self, snapshot: Snapshot) -> None:
        """Paint what came since the last refresh, if it can be seen."""
        window = self.window()
        if not self.isVisible() or (window is not None and window.isMinimized()):
            return
        self._look(snapshot.state)
        self._made_up = snapshot.mask
        if self._stale or self._scrolled_to != self.playhead.scrolled_to:
            self._restart()
        self._advance()
        self._mark(snapshot)
        self._tell()

    def _look(self, told: SourceState) -> None:
        """Find out whether samples come, and draw those that are there as lost if none does."""
        self._state = self._watch.look(told)
        lost = self.viewed.history.end > 0 and not self._state.live
        if self.canvas.lost != lost:
            self.canvas.lost = lost
            self.canvas.paint_all()

    def _restart(self) -> None:
        """Read the columns that can be seen anew, for other columns, filters or another time."""
        self._stale, self._scrolled_to = False, self.playhead.scrolled_to
        self.canvas.restart(self.playhead.n_shown)
        self.canvas.rolling = self.view.rolling or self._scrolled_to is not None
        self.canvas.grid = max(1, round(self.view.grid * self._sfreq))
        self._decisions.restart()
        self.rows.lay(self.choice, self.view)
        self._seek(self.playhead.end)

    def _seek(self, end: int) -> None:
        """Begin a picture that ends at a sample."""
        self.canvas.sweep.restart(self._reader.seek(end - self.canvas.sweep.n_samples))
        self.canvas.marks = tuple(mark for mark in self.canvas.marks if mark.window is not None)
        self.canvas.paint_all()

    def _advance(self) -> None:
        """Read on: all of a past that is shown, but of what comes only as much as a frame has time for."""
        end = self.playhead.end
        if self._reader.left_behind(end, self.canvas.sweep.n_samples):
            self._seek(end)
        for piece in self._reader.read(end):
            self._take(piece)
            if not self.paused:
                break

    def _take(self, piece: Piece) -> None:
        self.canvas.append(piece.data, piece.clipped)
        for sample in piece.gaps[-POOL:]:
            self.canvas.add_mark(TraceMark(sample, "gap"))
        if self.rows.fit_new():
            self._relay()

    def _mark(self, snapshot: Snapshot) -> None:
        """Draw the decisions that came since, at the samples of their onsets."""
        sweep = self.canvas.sweep
        if self._scrolled_to is None:
            marks = self._decisions.recent(snapshot, self.playhead.held)
        else:
            marks = self._decisions.past(snapshot.decided, range(sweep.first, sweep.end))
        for mark in marks:
            self.canvas.add_mark(mark)
        if marks or self._placed != sweep.end:
            self._placed = sweep.end
            self.marks.place(self.canvas.places())

    # ------------------------------------------------------------------------------------------- what can be said

    @property
    def status(self) -> str:
        """How much a pixel stands for, for the status bar."""
        shown = f"{len(self.canvas.lanes.channels)} of {len(self._channels)} channels"
        said = f"{shown} · {self.view.seconds:g} s · {self.canvas.sweep.words}"
        return f"{said} · {self._reader.clips} clipped tops" if self._reader.clips else said

    def _tell(self) -> None:
        self.banner.say("\n".join(self._warnings()))
        self.caption.say([("muted", text) for text in self._notes()])
        self.rows.label(clips=self._reader.clips > 0)

    def _warnings(self) -> Iterator[str]:
        """What keeps the picture from showing the present moment."""
        if not self.viewed.history.end:
            yield f"{self._state}: no sample yet"
            return
        if not self._state.live:
            yield f"{self._state} · last sample {duration(self._watch.quiet)} ago"
        if self.paused:
            yield f"paused · {duration(self.playhead.behind)} behind"
        if self.playhead.lost and not self.canvas.sweep.columns:
            yield "these samples are no longer kept"
        if not len(self.canvas.lanes.channels):
            yield "no channel is shown: choose some in the list of channels"

    def _notes(self) -> Iterator[str]:
        yield f"display: {self.view.filters.words}"
        yield from re.split("(?<=,) ", f"decoder: {self.viewed.about.filters}")  # a line may end between them
        if self._made_up:
            yield f"without {', '.join(self._made_up)}"
        yield f"grid {self.view.grid:g} s"
        if self.rows.stride > 1:
            yield f"one of {self.rows.stride} channels: too low for all"

    # --------------------------------------------------------------------------------------------- scale and lanes

    def _relay(self) -> None:
        """Show what is there with other lanes."""
        self.rows.lay(self.choice, self.view)
        self._tell()
        self.canvas.paint_all()

    def set_scale(self, units: float) -> None:
        """Set how many units there are from lane to lane."""
        self.rows.scalings.set(units)
        self._relay()

    def _step(self, direction: int, kind: int | None = None) -> None:
        self.rows.scalings.step(direction, kind)
        self._relay()

    def _wheeled(self, lane: int, direction: int) -> None:
        if (kind := self.rows.kind_at(lane)) is not None:
            self._step(direction, kind)

    def _auto_range(self) -> None:
        if self.rows.fit():
            self._relay()

    # --------------------------------------------------------------------------------------------- view and time

    def set_window(self, seconds: float) -> None:
        """Show this many seconds, from 1 to 60."""
        self._change(seconds=float(min(max(seconds, WINDOWS[0]), WINDOWS[-1])))

    def set_filter(self, spec: DisplaySpec) -> None:
        """Filter and reference what is shown.

        Raises
        ------
        MismatchError
            If the filter does not fit the stream.
        """
        self._reader.set_filter(spec, self.choice.bad)
        self._change(filters=spec)

    def _change(self, **fields: Any) -> None:
        """Show signals otherwise; `fields` are those of a `View`."""
        self.view = replace(self.view, **fields)
        self.playhead.n_shown = max(1, round(self.view.seconds * self._sfreq))
        self._stale = self._stale or bool(fields.keys() & {"seconds", "rolling", "filters"})
        self._show_controls()
        if not self._stale:
            self._relay()

    @property
    def paused(self) -> bool:
        """Whether the picture stands still."""
        return self.playhead.held is not None

    def scroll_to(self, seconds_back: float) -> None:
        """Show the seconds that ended so long ago; 0 is the present moment again."""
        if seconds_back <= 0:
            self.playhead.let_go()
        else:
            self.playhead.move_to(self.viewed.history.end - round(seconds_back * self._sfreq))

    def _show_controls(self) -> None:
        """Show what is chosen, and where in time the picture is."""
        self.tools.show_view(self.view, live=not self.paused)
        self.bar.follow()

    # ------------------------------------------------------------------------------------------------- channels

    def choose(self, choice: Choice) -> None:
        """Show these channels, and take these for bad; tell of each that is marked otherwise than before."""
        before, self.choice = self.choice, choice
        self.channel_list.show_choice(choice)
        if before.bad != choice.bad and self.view.filters.reference in ("average", "median"):
            self._reader.set_filter(self.view.filters, choice.bad)
            self._stale = True
        self._relay()
        for label in sorted(before.bad ^ choice.bad):
            self.bad_marked.emit(label, label in choice.bad)

    def toggle_bad(self, label: str) -> None:
        """Mark a channel bad for display, or good again."""
        self.choose(replace(self.choice, bad=self.choice.bad ^ {label}))

    def open_channels(self) -> None:
        """Open the list of channels."""
        button = self.tools.widgetForAction(self.tools.buttons["channels"]) or self
        self._popup.resize(max(280, self.width() // 3), max(320, self.height() // 2))
        self._popup.move(button.mapToGlobal(QPoint(0, button.height())))
        self._popup.show()
        self.channel_list.search.setFocus()

    # ------------------------------------------------------------------------------------------------- appearance

    def commands(self) -> tuple[Command, ...]:
        """Return what can be done here."""
        handlers: dict[str, Callable[[], None]] = {
            "channels": self.open_channels,
            "smaller_traces": lambda: self._step(-1),
            "larger_traces": lambda: self._step(1),
            "auto_range": self._auto_range,
            "pause": self.playhead.hold_or_let_go,
            "live": self.playhead.let_go,
            "back": self.playhead.back,
            "forth": self.playhead.forth,
            "longer_window": lambda: self.set_window(self.view.longer),
            "shorter_window": lambda: self.set_window(self.view.shorter),
            "scroll_mode": lambda: self._change(rolling=not self.view.rolling),
            "invert": lambda: self._change(inverted=not self.view.inverted),
            "centre": lambda: self._change(centred=not self.view.centred),
            "show_all": lambda: self.choose(Choice(bad=self.choice.bad)),
        }
        return tuple((*row, handlers[row[0]]) for row in TABLE)

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        for painted in (self.canvas, self.gutter, self.scales, self.marks):
            painted.theme = theme
            painted.update()
        for styled in (self.tools, self.banner, self.caption, self.channel_list):
            styled.set_theme(theme)
        self.canvas.paint_all()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Fit labels to another font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange and self.layout() is not None:
            self.gutter.fit()
            self.rows.lay(self.choice, self.view)
            self.marks.updateGeometry()

    def _resized(self) -> None:
        self._stale = True
        self.gutter.fit()
        self.banner.place()

    def _build(self) -> None:
        self.rows = TraceRows(self.theme, self.viewed.about.stream)
        self.canvas, self.gutter, self.scales = self.rows.canvas, self.rows.gutter, self.rows.scales
        self.marks, self.caption = MarkBar(self.theme), Words(self.theme)
        self.bar = TimeBar(self.playhead, self._sfreq)
        self.channel_list = ChannelList(self._channels)
        self.channel_list.changed.connect(self.choose)
        self._popup = QWidget(self, Qt.WindowType.Popup)
        QVBoxLayout(self._popup).addWidget(self.channel_list)
        self.canvas.resized.connect(self._resized)
        self.canvas.wheeled.connect(self._wheeled)
        self.gutter.clicked.connect(self.toggle_bad)
        self.tools = TraceControls(self.commands(), self._sfreq, self._channels)
        self.tools.seconds_chosen.connect(self.set_window)
        self.tools.filters_chosen.connect(self.set_filter)

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(8, 4, 8, 8)
        layout.setSpacing(2)
        layout.addWidget(self.tools, 0, 0, 1, 2)
        layout.addWidget(self.marks, 1, 1)
        layout.addWidget(self.gutter, 2, 0)
        layout.addWidget(self.canvas, 2, 1)
        layout.addWidget(self.bar, 3, 1)
        below = QHBoxLayout()
        below.addWidget(self.scales)
        below.addWidget(self.caption, 1)
        layout.addLayout(below, 4, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        layout.setRowStretch(2, 1)
        self.banner = Banner(self, self.canvas)  # above its siblings
