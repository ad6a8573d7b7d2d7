"""The whole session: what became of every decision, running accuracy, pauses, what was excluded and recorded."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import pyqtSignal

from bci.decided import Decided
from bci.overview import pauses, running_share
from bci.snapshot import Snapshot
from bci.tally import chance, top5_counts
from bci.types import Status
from bci.viewing import About, Viewed
from gui.figure_pane import FigurePane
from gui.hit_marks import LOOKS, Mark
from gui.numbers import clock
from gui.session_chart import SessionChart
from gui.session_plan import Bar, Course, Lane, Scene
from gui.theme import Theme
from gui.words import Piece

__all__ = ["TimelinePane"]

LAST, FEWEST = 50, 10
"""Trials that the running accuracy is of at most, and from which on it is drawn."""
_FLAGGED = (
    (Status.LATE, "late", "tick", "warning"),
    (Status.ARTIFACT, "artefact", "triangle", "warning"),
    (Status.DROPPED, "dropped", "cross", "bad"),
    (Status.GAP, "gap", "square", "bad"),
)


class TimelinePane(FigurePane):
    """Lanes of outcomes and of what went wrong; a click chooses a decision."""

    title: ClassVar[str] = "Timeline"
    help: ClassVar[str] = "All decisions of the session by outcome. A click, or arrow keys and Enter, choose one."
    rate: ClassVar[float] = 2.0

    trial_chosen = pyqtSignal(int)
    """Number of the decision that was clicked."""

    def __init__(self, viewed: Viewed, theme: Theme) -> None:
        self.chart = SessionChart(theme)
        super().__init__(viewed, theme, self.chart)
        self._recording: tuple[tuple[float, float], ...] | None = None
        self.chart.chosen.connect(self.trial_chosen)
        self.chart.pointed.connect(self._tell_of)

    def recording(self, spans: Sequence[tuple[float, float]]) -> None:
        """Take in from when until when the session was recorded, seconds on the LSL clock."""
        self._recording = tuple(spans)
        self.redraw()

    def lacks(self, about: About, snapshot: Snapshot) -> str | None:  # noqa: ARG002 (any decision has a place)
        """Say what is missing."""
        return None if len(snapshot.decided) else "No decision yet. The timeline begins with the first one."

    def draw(self, about: About, snapshot: Snapshot) -> None:
        """Sort decisions into lanes."""
        decided = snapshot.decided
        courses, instead = self._courses(about, decided)
        still = [(float(begin), float(end)) for begin, end in pauses(decided.onset)]
        lanes = [*_outcomes(about, decided), *_flagged(decided)]
        self.chart.set_scene(Scene(decided.onset, lanes, courses, still, self._bars(snapshot), instead))
        steered = _of_stretches(snapshot)
        self.words.say([*_of_courses(decided, courses), *_of_decisions(about, decided, len(still)), *steered])

    def recolour(self) -> None:
        """Take on the colours of the theme."""
        self.chart.set_theme(self.theme)

    def _courses(self, about: About, decided: Decided) -> tuple[list[Course], str]:
        if about.hide_truth:
            return [], "outcomes are hidden from this screen"
        if not decided.told.any():
            return [], "no truth in the markers: accuracy cannot be known"
        n_concepts, told = len(about.concepts), decided.told
        begin = min(FEWEST, int(told.sum())) - 1  # a share of two trials would only stretch the scale
        times = decided.onset[told][begin:]
        kinds = (1, 5) if top5_counts(n_concepts) else (1,)
        shares = {k: running_share(decided.hits(k)[told], LAST)[begin:] for k in kinds}
        return [Course(times, shares[k], chance(decided, k, n_concepts), dashed=k == 5) for k in kinds], ""

    def _bars(self, snapshot: Snapshot) -> list[Bar]:
        """What was recorded, if that is known, and what the operator paused and excluded, if anything."""
        recorded = [] if self._recording is None else [Bar("recorded", "bad", self._recording)]
        steered = (Bar("paused", "muted", snapshot.pauses), Bar("excluded", "warning", snapshot.excluded))
        return [*recorded, *(bar for bar in steered if bar.spans)]

    def _tell_of(self, number: int) -> None:
        """Say what the cursor is at."""
        shown = self.chart.scene
        since = clock(float(shown.onset[number] - shown.onset.min()))
        told = [lane.name for lane in shown.lanes if lane.flags[number]]
        self.words.say([("accent", f"trial {number:,}"), ("text", f"at {since}"), ("text", ", ".join(told))])


def _outcomes(about: About, decided: Decided) -> list[Lane]:
    """What was decided, sorted by whether it was right where that may be seen."""
    if about.hide_truth or not decided.told.any():
        return [Lane("decided", "disc", "accent", decided.ranked)]
    five = top5_counts(len(about.concepts))
    best, near = decided.hits(1), decided.hits(5) & five
    lanes = [Lane("top-1", *LOOKS[Mark.BEST], best)]
    if five:
        lanes.append(Lane("top-5", *LOOKS[Mark.FIVE], near & ~best))
    lanes.append(Lane("miss", *LOOKS[Mark.MISS], decided.told & decided.ranked & ~best & ~near))
    untold: NDArray[np.bool_] = decided.ranked & ~decided.told
    return [*lanes, Lane("no truth", "tick", "muted", untold)] if untold.any() else lanes


def _flagged(decided: Decided) -> list[Lane]:
    lanes = [Lane(name, shape, role, decided.status == status) for status, name, shape, role in _FLAGGED]
    return [lane for lane in lanes if lane.flags.any()]


def _of_courses(decided: Decided, courses: Sequence[Course]) -> Iterator[Piece]:
    """Say how accurate it was last, and which line is which."""
    for course in courses:
        name, line = ("top-5", "╌") if course.dashed else ("top-1", "—")
        yield "text", f"{name} {line} {course.shares[-1] * 100:.0f} %"
    if courses:
        yield "muted", f"last {min(LAST, int(decided.told.sum()))}"
        yield "chance", "··· chance"


def _of_decisions(about: About, decided: Decided, n_pauses: int) -> Iterator[Piece]:
    """Say how much went wrong, and what there is."""
    flagged = _flagged(decided)
    for lane in flagged:
        yield lane.role, f"{lane.name} {int(lane.flags.sum()):,}"
    if not flagged:
        yield "good", "none late or lost"
    yield "muted", f"{len(decided):,} {'windows' if decided.window.any() else 'decisions'}"
    if n_pauses:
        yield "muted", f"{n_pauses:,} pause{'' if n_pauses == 1 else 's'}, shaded"
    if about.hide_truth:
        yield "muted", "truth hidden from this screen"


def _of_stretches(snapshot: Snapshot) -> Iterator[Piece]:
    """Say what the operator did."""
    if snapshot.paused:
        yield "warning", "‖ paused"
    if snapshot.paused_events:
        yield "muted", f"{snapshot.paused_events:,} events in pauses, not decided"
    if snapshot.excluded:
        yield "warning", f"{int(snapshot.decided.excluded.sum()):,} decisions excluded"
