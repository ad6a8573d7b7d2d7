"""The signals, as they come: traces, events at their sample times, and what is wrong with either.

What is filtered and referenced here is for eyes only; the decoder has a preprocessing of its own, named beside it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil
from typing import ClassVar, Literal

import numpy as np
from PyQt6.QtCore import QEvent, QPoint, QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollBar, QVBoxLayout, QWidget

from bci.clipping import ClipDetector
from bci.clock import Clock, lsl_clock
from bci.decided import Decided
from bci.display_filter import DisplayFilter, DisplaySpec
from bci.history import Stretch
from bci.session import Snapshot
from bci.types import SourceState
from bci.viewing import Viewed
from gui.channel_list import ChannelList, Choice
from gui.pane import Pane
from gui.sweep import Lanes, Sweep, round_up
from gui.theme import Theme
from gui.trace_canvas import TraceCanvas
from gui.trace_controls import WINDOWS, Command, TraceControls, View
from gui.trace_gutter import Gutter, Row, Scale, ScaleBars, unit_of
from gui.trace_marks import POOL, MarkBar, TraceMark, mark_of, mark_of_row, sample_at
from gui.words import Words

__all__ = ["TracePane"]

SHORTEST, LONGEST = 1.0, 60.0
LANE = 100.0
"""Units from lane to lane until there is a second of signal to fit the scale to."""
ENOUGH = 20
"""Samples to fit a scale to, at the least."""
LOWEST = 2.0
"""Pixels from lane to lane at least; where there is less room, channels are left out evenly."""
PER_FRAME = 2**20
"""Values that are read in a frame at most: what is behind catches up over several."""
SETTLING = 10.0
"""Seconds before those that are shown which filters see at most."""
QUIET = 1.0
"""Seconds without a sample, and three more samples', after which nothing looks live, whatever the source says."""
FLOWING = (SourceState.FLOWING, SourceState.RECOVERED, SourceState.DEGRADED)


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
        self._clock = clock
        stream = viewed.about.stream
        self._channels, self._sfreq = stream.channels, stream.sfreq
        self._kinds = tuple(dict.fromkeys((channel.kind, channel.unit) for channel in self._channels))
        self._kind_of = np.array([self._kinds.index((c.kind, c.unit)) for c in self._channels])
        self._lane = [0.0 for _ in self._kinds]  # units from lane to lane; 0 until there is a second to fit it to
        self.view = View()
        self.choice = Choice()
        self._filter = DisplayFilter(self.view.filters, self._sfreq, self._channels)
        self._clips = ClipDetector(len(self._channels), self._sfreq)
        self._read = self._from = 0  # sample that comes next, and first one that is shown
        self._until: int | None = None  # where reading ends; None while live
        self._origin = 0  # end of what could be scrolled back to when it was paused
        self._back = False  # scrolled back
        self._stale = True  # columns are to be read anew
        self._state, self._message = SourceState.RESOLVING, ""
        self._seen, self._seen_at = -1, clock()
        # the times of a file are not those of this clock
        self._looked = self._seen_at if viewed.about.origin.startswith("file ") else -np.inf
        self._decided = -1
        self._gap: int | None = None  # index after the last missing sample
        self._shown = -1  # end of the samples that marks are placed for
        self._labelled: tuple[Choice, bytes, bytes] | None = None
        self._build()
        self._lay_lanes()

    # ------------------------------------------------------------------------------------------------- refreshing

    @property
    def status(self) -> str:
        """How much a pixel stands for, for the status bar."""
        sweep = self.canvas.sweep
        per_pixel = sweep.n_samples / sweep.width
        drawn = "lines from sample to sample" if sweep.sparse else "smallest to largest"
        shown = f"{len(self.canvas.lanes.channels)} of {len(self._channels)} channels"
        clips = int(self._clips.counts.sum())
        parts = [shown, f"{self.view.seconds:g} s", f"{per_pixel:.3g} samples a pixel, {drawn}"]
        return " · ".join([*parts, f"{clips} clipped tops"] if clips else parts)

    def refresh(self, snapshot: Snapshot) -> None:
        """Paint what came since the last refresh, if it can be seen."""
        window = self.window()
        if not self.isVisible() or (window is not None and window.isMinimized()):
            return
        self._watch(snapshot)
        if self._stale:
            self._restart()
        self._advance()
        self._mark(snapshot)
        self._tell()

    def _restart(self) -> None:
        """Read the columns that can be seen anew, for other columns, filters or another time."""
        self._stale = False
        width, _ = self.canvas.pixels
        n_samples = max(1, round(self.view.seconds * self._sfreq))
        self.canvas.sweep = Sweep(len(self._channels), width, n_samples)
        self.canvas.rolling = self.view.rolling or self._back
        self.canvas.marks, self._decided = (), -1
        self.canvas.grid = max(1, round(_grid(self.view.seconds) * self._sfreq))
        self._lay_lanes()
        self._seek((self.viewed.history.end if self._until is None else self._until) - n_samples)
        self.canvas.paint_all()

    def _seek(self, first: int) -> None:
        """Go on reading at a sample, after as much before it as filters want to see."""
        first = max(first, self.viewed.history.start)
        settling = round(min(self.view.filters.settling, SETTLING) * self._sfreq)
        self._from, self._read = first, max(self.viewed.history.start, first - settling)
        self._filter.restart()
        self.canvas.sweep.restart(first)
        self.canvas.marks = tuple(mark for mark in self.canvas.marks if mark.window is not None)
        self._gap = None

    def _advance(self) -> None:
        history, most = self.viewed.history, max(1, PER_FRAME // len(self._channels))
        end = history.end if self._until is None else min(self._until, history.end)
        behind = end - max(self._read, self._from)
        if self._read < history.start or behind > 2 * self.canvas.sweep.n_samples + most:
            self._seek(end - self.canvas.sweep.n_samples)
            self.canvas.paint_all()
        while self._read < end:
            stretch = history.between(self._read, min(end, self._read + most))
            if not len(stretch.times) or stretch.first != self._read:
                break  # overtaken while it was read: the next frame seeks
            self._take(stretch)
            if self._until is None:
                break

    def _take(self, stretch: Stretch) -> None:
        clipped = self._clips.feed(stretch.first, stretch.data)
        shown = self._filter.feed(stretch.data)
        skip = max(0, self._from - stretch.first)
        self._read = stretch.end
        self.canvas.append(shown[skip:], clipped[skip:])
        self._find_gaps(stretch)
        if 0.0 in self._lane and self._read - self._from > max(self._sfreq, ENOUGH):
            self._fit([kind for kind, lane in enumerate(self._lane) if not lane])

    def _find_gaps(self, stretch: Stretch) -> None:
        if not np.isnan(stretch.data[:, 0]).any():
            return
        gone = np.logical_and.reduce(np.isnan(stretch.data), axis=1)
        began = gone & ~np.concatenate([[self._gap == stretch.first], gone[:-1]])
        self._gap = stretch.end if gone[-1] else None
        for row in np.flatnonzero(began)[-POOL:]:
            self.canvas.add_mark(TraceMark(stretch.first + int(row), "gap"))

    def _mark(self, snapshot: Snapshot) -> None:
        """Draw the decisions that came since, at the samples of their onsets."""
        if self._back:
            if self._decided < 0:
                self._mark_past(snapshot.decided)
        elif snapshot.recent and snapshot.recent[-1].seq != self._decided:
            for decision in snapshot.recent:
                if decision.seq <= self._decided:
                    continue
                sample = sample_at(self.viewed.history, decision.onset)
                if self._until is not None and sample is not None and sample >= self._until:
                    break  # not to be seen before the picture goes on
                if sample is not None:
                    self.canvas.add_mark(mark_of(decision, sample, self.viewed.about))
                self._decided, self._shown = decision.seq, -1
        if self._shown != self.canvas.sweep.end:
            self._shown = self.canvas.sweep.end
            self.marks.place(self.canvas.places())

    def _mark_past(self, decided: Decided) -> None:
        """Draw the decisions of the stretch of the past that is shown."""
        sweep = self.canvas.sweep
        times = self.viewed.history.between(sweep.first, sweep.end).times
        if len(times):
            there = np.flatnonzero((decided.onset >= times[0]) & (decided.onset <= times[-1]))[-POOL:]
            for row in there.tolist():
                onset = sweep.first + int(np.abs(times - decided.onset[row]).argmin())
                self.canvas.add_mark(mark_of_row(decided, row, onset, self.viewed.about))
        self._decided, self._shown = len(decided), -1

    # ------------------------------------------------------------------------------------------- what can be said

    def _watch(self, snapshot: Snapshot) -> None:
        """Find out whether samples come, by what the source says and by what is seen."""
        history, now = self.viewed.history, self._clock()
        if history.end != self._seen:
            self._seen = history.end  # it came after the last look, and not before it was taken
            self._seen_at = min(now, max(history.last_time, self._looked)) if history.end else now
        self._looked = now
        quiet = now - self._seen_at
        live = snapshot.state in FLOWING and quiet <= QUIET + 3 / self._sfreq
        self._state = snapshot.state if snapshot.state not in FLOWING or live else SourceState.STALLED
        if self.canvas.lost == (live or not history.end):
            self.canvas.lost = not live and history.end > 0
            self.canvas.paint_all()
        self._message = self._words(quiet, live=live)

    def _words(self, quiet: float, *, live: bool) -> str:
        history = self.viewed.history
        if not history.end:
            return f"{self._state}: no sample yet"
        said = [] if live else [f"{self._state} · last sample {_ago(quiet)} ago"]
        if self._until is not None:
            said.append(f"paused · {_ago((history.end - self._until) / self._sfreq)} behind")
            if self._until - self.canvas.sweep.n_samples < history.start and not len(self.canvas.sweep.columns):
                said.append("these samples are no longer kept")
        if not len(self.canvas.lanes.channels):
            said.append("no channel is shown: choose some in the list of channels")
        return "\n".join(said)

    def _tell(self) -> None:
        if self.banner.text() != self._message:
            self.banner.setText(self._message)
            self.banner.setAccessibleName(self._message)
            self.banner.setVisible(bool(self._message))
            self._place_banner()
        first, *rest = self.viewed.about.filters.split(", ")  # pieces are not broken, but lines are
        decoder = [f"{part}," for part in (f"decoder: {first}", *rest)]
        decoder[-1] = decoder[-1].removesuffix(",")
        said = [f"display: {self.view.filters.words}", *decoder, *self._notes()]
        self.caption.say([("muted", text) for text in said])
        self._label()

    def _label(self) -> None:
        """Write the labels, if one has something new to say."""
        shown, sweep = self.canvas.lanes.channels, self.canvas.sweep
        clipped = np.logical_or.reduce(sweep.clipped, axis=0) if self._clips.counts.any() else sweep.clipped[0]
        key = (self.choice, shown.tobytes(), clipped.tobytes())
        if key != self._labelled:
            self._labelled = key
            labels = [(self._channels[index].label, bool(clipped[index])) for index in shown]
            self.gutter.show_rows([Row(label, label in self.choice.bad, clips) for label, clips in labels])

    def _notes(self) -> Iterator[str]:
        yield f"a line every {_grid(self.view.seconds):g} s"
        if self._stride > 1:
            yield f"one of {self._stride} channels: too low for all"

    def _place_banner(self) -> None:
        self.banner.adjustSize()
        left = (self.canvas.width() - self.banner.width()) // 2
        self.banner.move(self.canvas.pos() + QPoint(max(0, left), 4))

    # --------------------------------------------------------------------------------------------- scale and lanes

    def _lay_lanes(self) -> None:
        """Give each channel that is shown its lane."""
        _, height = self.canvas.pixels
        chosen = np.array(self.choice.shown(self._channels), np.int64)
        self._stride = ceil(len(chosen) * LOWEST * self.canvas.devicePixelRatioF() / height) or 1
        shown = chosen[:: self._stride]
        pitch = height / max(1, len(shown))
        sign = -1 if self.view.inverted else 1
        gains = np.array([pitch / (lane or LANE) * sign for lane in self._lane], np.float32)
        self.canvas.lanes = Lanes(shown, gains[self._kind_of[shown]], height)
        self.canvas.faint = np.array([self._channels[i].label in self.choice.bad for i in shown], np.bool_)
        self.canvas.recentre(remove=self.view.centred)
        present = [kind for kind in range(len(self._kinds)) if kind in self._kind_of[shown]]
        ratio = self.canvas.devicePixelRatioF()
        self.scales.show_scales(
            [Scale(self._kinds[k][0], unit_of(self._kinds[k][1]), float(gains[k]) / ratio) for k in present]
        )

    def _relay(self) -> None:
        """Show what is there with other lanes."""
        self._lay_lanes()
        self._tell()
        self.canvas.paint_all()

    def set_scale(self, value: float, kind: str | None = None) -> None:
        """Set how many units there are from lane to lane, of one kind of channel or of all."""
        for index, (name, _) in enumerate(self._kinds):
            if kind in (None, name):
                self._lane[index] = value
        self._relay()

    def scale(self, kind: str) -> float:
        """Return how many units there are from lane to lane for a kind of channel."""
        return next(lane or LANE for (name, _), lane in zip(self._kinds, self._lane, strict=True) if name == kind)

    def larger(self) -> None:
        """Draw signals larger."""
        self._step(range(len(self._kinds)), 1)

    def smaller(self) -> None:
        """Draw signals smaller."""
        self._step(range(len(self._kinds)), -1)

    def auto_range(self) -> None:
        """Choose a scale for each kind that fits its signals."""
        self._fit(range(len(self._kinds)))

    def _step(self, kinds: Sequence[int], direction: int) -> None:
        for kind in kinds:
            lane = self._lane[kind] or LANE
            self._lane[kind] = round_up(lane / 2.6) if direction > 0 else round_up(lane * 1.1)
        self._relay()

    def _fit(self, kinds: Sequence[int]) -> None:
        sweep = self.canvas.sweep
        spread = sweep.spread(sweep.middle() if self.view.centred else np.zeros(len(self._channels), np.float32))
        good = np.array([channel.label not in self.choice.bad for channel in self._channels])
        for kind in kinds:
            there = spread[(self._kind_of == kind) & good & (spread > 0)]
            if len(there):
                self._lane[kind] = round_up(1.5 * float(np.quantile(there, 0.75)))
        self._relay()

    def _wheeled(self, lane: int, direction: int) -> None:
        if 0 <= lane < len(self.canvas.lanes.channels):
            self._step([int(self._kind_of[self.canvas.lanes.channels[lane]])], direction)

    def invert(self) -> None:
        """Draw negative values upwards, or no longer."""
        self._show(replace(self.view, inverted=not self.view.inverted))
        self._relay()

    def centre(self) -> None:
        """Remove each channel's median, or no longer."""
        self._show(replace(self.view, centred=not self.view.centred))
        self._relay()

    # -------------------------------------------------------------------------------------------- time and filters

    def set_window(self, seconds: float) -> None:
        """Show this many seconds, from 1 to 60."""
        self._show(replace(self.view, seconds=float(min(max(seconds, SHORTEST), LONGEST))), anew=True)

    def longer(self) -> None:
        """Show more seconds."""
        self.set_window(min((s for s in WINDOWS if s > self.view.seconds), default=LONGEST))

    def shorter(self) -> None:
        """Show fewer seconds."""
        self.set_window(max((s for s in WINDOWS if s < self.view.seconds), default=SHORTEST))

    def set_mode(self, mode: Literal["sweep", "scroll"]) -> None:
        """Let the present moment move over a picture that stands, or let the picture move."""
        self._show(replace(self.view, rolling=mode == "scroll"), anew=True)

    def swap_mode(self) -> None:
        """Sweep instead of scrolling, or the other way round."""
        self.set_mode("sweep" if self.view.rolling else "scroll")

    def set_filter(self, spec: DisplaySpec) -> None:
        """Filter and reference what is shown.

        Raises
        ------
        MismatchError
            If the filter does not fit the stream.
        """
        self._filter = DisplayFilter(spec, self._sfreq, self._channels, self.choice.bad)
        self._show(replace(self.view, filters=spec), anew=True)

    def _show(self, view: View, *, anew: bool = False) -> None:
        self.view = view
        self._stale = self._stale or anew
        self._sync()

    def _sync(self) -> None:
        self.tools.show_view(self.view, live=not self.paused)
        self.bar.setVisible(self.paused)

    @property
    def paused(self) -> bool:
        """Whether the picture stands still."""
        return self._until is not None

    def pause(self) -> None:
        """Hold the picture; samples and decisions go on, and all channels are kept."""
        self._until = self._origin = self._read
        self.bar.setRange(0, self._tenths(self.viewed.history.start + self.canvas.sweep.n_samples, self._until))
        self.bar.setPageStep(max(1, round(self.view.seconds * 10)))
        with QSignalBlocker(self.bar):
            self.bar.setValue(self.bar.maximum())
        self._sync()

    def resume(self) -> None:
        """Show the present moment again."""
        self._until = None
        self._stale = self._stale or self._back
        self._back = False
        self._sync()

    def pause_or_resume(self) -> None:
        """Hold the picture, or let it go on."""
        (self.resume if self.paused else self.pause)()

    def scroll_to(self, seconds_back: float) -> None:
        """Show the seconds that ended so long ago; 0 is the present moment again."""
        if seconds_back <= 0:
            self.resume()
            return
        if not self.paused:
            self.pause()
        self._show_until(self.viewed.history.end - round(seconds_back * self._sfreq))

    def back(self) -> None:
        """Go half a window back in time."""
        if not self.paused:
            self.pause()
        self._show_until((self._until or 0) - round(self.view.seconds / 2 * self._sfreq))

    def forth(self) -> None:
        """Go half a window forth in time, up to the present moment."""
        if self._until is not None:
            until = self._until + round(self.view.seconds / 2 * self._sfreq)
            self.resume() if until >= self.viewed.history.end else self._show_until(until)

    def _show_until(self, until: int) -> None:
        self._until = max(until, min(self.viewed.history.start + self.canvas.sweep.n_samples, self._origin))
        self._back = self._stale = True
        with QSignalBlocker(self.bar):
            self.bar.setValue(self.bar.maximum() - self._tenths(self._until, self._origin))
        self._sync()

    def _tenths(self, first: int, end: int) -> int:
        return max(0, round((end - first) / self._sfreq * 10))

    def _scrolled(self, value: int) -> None:
        self._show_until(self._origin - round((self.bar.maximum() - value) / 10 * self._sfreq))

    # ------------------------------------------------------------------------------------------------- channels

    def choose(self, choice: Choice) -> None:
        """Show these channels, and take these for bad; tell of each that is marked otherwise than before."""
        before, self.choice = self.choice, choice
        self.channel_list.show_choice(choice)
        if before.bad != choice.bad:
            self._filter = DisplayFilter(self.view.filters, self._sfreq, self._channels, choice.bad)
            self._stale = self._stale or self.view.filters.reference in ("average", "median")
        self._relay()
        for label in sorted(before.bad ^ choice.bad):
            self.bad_marked.emit(label, label in choice.bad)

    def toggle_bad(self, label: str) -> None:
        """Mark a channel bad for display, or good again."""
        self.choose(replace(self.choice, bad=self.choice.bad ^ {label}))

    def show_all(self) -> None:
        """Show every channel."""
        self.choose(Choice(bad=self.choice.bad))

    def open_channels(self) -> None:
        """Open the list of channels."""
        button = self.tools.widgetForAction(self.tools.buttons["channels"]) or self
        self._popup.resize(max(280, self.width() // 3), max(320, self.height() // 2))
        self._popup.move(button.mapToGlobal(QPoint(0, button.height())))
        self._popup.show()
        self.channel_list.search.setFocus()

    # ------------------------------------------------------------------------------------------------- appearance

    def commands(self) -> tuple[Command, ...]:
        """Return what can be done here: identifier, text, shortcut, tip, and what does it."""
        return (
            ("channels", "Channels", "Alt+C", "Find, show, hide and mark channels.", self.open_channels),
            ("smaller_traces", "Smaller signals", "-", "Draw signals smaller (wheel: of one kind).", self.smaller),
            ("larger_traces", "Larger signals", "+", "Draw signals larger (wheel: of one kind).", self.larger),
            ("auto_range", "Auto", "A", "Choose a scale for each kind that fits its signals.", self.auto_range),
            ("pause", "Pause", "P", "Hold the picture; decoding goes on.", self.pause_or_resume),
            ("live", "Live", "End", "Show the present moment again.", self.resume),
            ("back", "Back", "PgUp", "Go half a window back in time.", self.back),
            ("forth", "Forth", "PgDown", "Go half a window forth in time.", self.forth),
            ("longer_window", "More seconds", "]", "Show more seconds.", self.longer),
            ("shorter_window", "Fewer seconds", "[", "Show fewer seconds.", self.shorter),
            (
                "scroll_mode",
                "Scroll",
                "M",
                "Let the picture move, rather than the present moment.",
                self.swap_mode,
            ),
            ("invert", "Negative up", "I", "Draw negative values upwards.", self.invert),
            ("centre", "Remove offsets", "D", "Remove each channel's median.", self.centre),
            ("show_all", "Show all channels", "Alt+A", "Show every channel.", self.show_all),
        )

    def set_theme(self, theme: Theme) -> None:
        """Take on other colours."""
        super().set_theme(theme)
        for part in (self.canvas, self.gutter, self.scales, self.marks):
            part.theme = theme
            part.update()
        self.caption.set_theme(theme)
        self.channel_list.set_theme(theme)
        self.tools.setStyleSheet(
            f"QToolBar {{ background: {theme.panel}; }} QToolButton {{ padding: 3px 6px; }}"
            "QToolButton::menu-indicator { width: 0; } #qt_toolbar_ext_button { padding: 0; }"
        )
        self.banner.setStyleSheet(
            f"background: {theme.raised}; color: {theme.text}; border: 2px solid {theme.warning};"
            "padding: 4px 10px; font-weight: 600;"
        )
        self.canvas.paint_all()

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Fit labels to another font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange and hasattr(self, "gutter"):
            self.gutter.fit()
            self._lay_lanes()
            self.marks.updateGeometry()

    def _resized(self) -> None:
        self._stale = True
        self.gutter.fit()
        self._place_banner()

    def _build(self) -> None:
        self.canvas, self.gutter = TraceCanvas(self.theme, len(self._channels)), Gutter(self.theme)
        self.scales, self.marks = ScaleBars(self.theme), MarkBar(self.theme)
        self.caption, self.banner = Words(self.theme), QLabel(self)
        self.bar = QScrollBar(Qt.Orientation.Horizontal)
        self.bar.setAccessibleName("Time")
        self.bar.setVisible(False)
        self.bar.valueChanged.connect(self._scrolled)
        self.banner.setVisible(False)
        self.banner.setAlignment(Qt.AlignmentFlag.AlignCenter)
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
        self.banner.raise_()
        self.set_theme(self.theme)
        self._sync()


def _grid(seconds: float) -> float:
    """Seconds from one line of time to the next."""
    return 0.1 if seconds <= 2 else 1.0 if seconds <= 20 else 5.0


def _ago(seconds: float) -> str:
    """A length of time in words."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
