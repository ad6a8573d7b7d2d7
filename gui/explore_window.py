"""The window of `bci explore`: a list of trials, and of the chosen one its pictures and its epoch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from bci.explored import Exploration, ranking
from bci.exploring import next_row
from gui import actions
from gui.actions import Command
from gui.base_window import BaseWindow
from gui.diagnostics import decoder_state
from gui.epoch_plot import EpochPlot
from gui.event_loop import run
from gui.explore_cards import Shown, TrialCards
from gui.explore_list import TrialList, TrialTable
from gui.filter_panel import FilterPanel
from gui.look import Look, means, single_trials
from gui.settings import Settings, default_folder
from gui.words import Words

__all__ = ["TABLE", "ExploreWindow", "show"]

SHARED = ("full_screen", "larger", "smaller", "theme", "screenshot", "palette", "shortcuts")
"""Commands that are those of the dashboard."""
TABLE: tuple[Command, ...] = (
    Command("previous", "Trials", "Previous", "Left", "Step to the trial before in the list."),
    Command("next", "Trials", "Next", "Right", "Step to the next trial in the list."),
    Command("first", "Trials", "First", "Home", "Go to the first trial in the list."),
    Command("last", "Trials", "Last", "End", "Go to the last trial in the list."),
    Command("next_hit", "Trials", "Next hit", "H", "Go to the next trial whose truth is ranked first."),
    Command("next_miss", "Trials", "Next miss", "M", "Go to the next trial whose truth is not ranked first."),
    Command(
        "averages",
        "Trials",
        "Averages",
        "A",
        "Means over the repetitions of each picture, instead of single trials.",
    ),
    Command("filter", "Trials", "Search", "Ctrl+F", "Type what was shown, or a recording or subject."),
    Command("clear", "Trials", "Show all", "Esc", "Clear search and filters."),
    Command("quit", "Trials", "Quit", "Ctrl+Q", "Close the window."),
    *(command for command in actions.TABLE if command.id in SHARED),
)


class ExploreWindow(BaseWindow):
    """Steps through trials.

    Parameters
    ----------
    exploration
        The trials, their scores and epochs.
    top
        How many of the best concepts to show.
    settings, kept_in
        See `BaseWindow`.
    """

    def __init__(
        self, exploration: Exploration, top: int, settings: Settings, kept_in: Path | None = None
    ) -> None:
        super().__init__(settings, kept_in)
        self.exploration = exploration
        self._top = top
        self._look = self._single = single_trials(exploration)
        self._means: Look | None = None
        self._shown = np.zeros(0, np.int64)
        self._at = 0
        self._build()
        self._list_anew(keep=0)

    @property
    def row(self) -> int | None:
        """Row of what is explored that is shown now, None if nothing is."""
        return int(self._shown[self._at]) if len(self._shown) else None

    # ------------------------------------------------------------------------------------------------- building

    def _build(self) -> None:
        about = self.exploration.about
        self.setWindowTitle(f"bci explore - {about.decoder_name} on {about.origin}")
        self.filter = FilterPanel(self.exploration.explored)
        self.add_commands(TABLE, self.handlers())
        self.actions_by_id["averages"].setCheckable(True)
        self.filter.averages.setDefaultAction(self.actions_by_id["averages"])
        self.banner = _banner(self.exploration.warning)
        self.cards = TrialCards(about, self.theme)
        self.origin = Words(self.theme)
        self.epoch = EpochPlot(self.theme, about.decoder.channels, about.window, about.filters)
        self.summary = Words(self.theme)
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._halves.addWidget(self._left())
        self._halves.addWidget(self._right())
        self._halves.setStretchFactor(1, 1)
        self._halves.setChildrenCollapsible(False)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        for part in (self.banner, self.notices):
            layout.addWidget(part)
        layout.addWidget(self._halves, 1)
        layout.addWidget(_padded(self.summary))
        self.setCentralWidget(page)
        self._fit()
        self._colour()
        self.list.setFocus()

    def _left(self) -> QWidget:
        self.filter.filtered.connect(self._list_anew)
        self.filter.reordered.connect(lambda: self._list_anew(keep=-1))
        self.table = TrialTable(self.theme)
        self.list = TrialList(self.table)
        self.list.chosen.connect(self._show_row)
        self.filter.search.returnPressed.connect(self.list.setFocus)
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(8, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.filter)
        column.addWidget(self.list, 1)
        return panel

    def _right(self) -> QWidget:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(_padded(self.origin))
        column.addWidget(self.epoch, 1)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.cards)
        parts.addWidget(below)
        parts.setSizes([300, 320])
        parts.setChildrenCollapsible(False)
        self._paper = (parts, below)
        for widget in self._paper:
            widget.setAutoFillBackground(True)
        return parts

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return what the commands of the table do."""
        return super().handlers() | {
            "previous": lambda: self.go(self._at - 1),
            "next": lambda: self.go(self._at + 1),
            "first": lambda: self.go(0),
            "last": lambda: self.go(len(self._shown) - 1),
            "next_hit": lambda: self._find(hit=True),
            "next_miss": lambda: self._find(hit=False),
            "averages": self._switch,
            "filter": self.filter.focus_search,
            "clear": self.clear,
        }

    # ---------------------------------------------------------------------------------------------------- moving

    def go(self, at: int) -> None:
        """Go to a place in the list, or as near to it as there is one."""
        if len(self._shown):
            self.list.choose(min(max(0, at), len(self._shown) - 1))

    def clear(self) -> None:
        """Show all trials; the order stays."""
        self.filter.clear()
        self.list.setFocus()

    def _find(self, *, hit: bool) -> None:
        judged = self._look.judged
        found = next_row(self._shown, judged.hits(1) if hit else judged.told & ~judged.hits(1), self._at)
        if found is None:
            self.say(f"no {'hit' if hit else 'miss'} further down the list")
        else:
            self.go(found)

    def _switch(self) -> None:
        """Change between single trials and means, staying with what was shown."""
        trial = int(self._look.rows(self.row)[0]) if self.row is not None else 0
        self._means = self._means or means(self.exploration)
        self._look = self._means if self.actions_by_id["averages"].isChecked() else self._single
        self._list_anew(keep=self._look.row_of(trial))

    # --------------------------------------------------------------------------------------------------- showing

    def _list_anew(self, keep: int | None = None) -> None:
        """Filter and order once more; stay with a row, by default the one that is shown, if it is still there."""
        look, keep = self._look, self.row if keep is None else keep
        self._shown = self.filter.rows(look.explored, look.judged)
        self._at = 0
        self.table.show(look.explored, look.judged, self._shown, look.counts())
        found = np.flatnonzero(self._shown == keep)
        if len(self._shown):
            self.list.choose(int(found[0]) if len(found) else 0)
        else:
            self._show_nothing()
        self.summary.say(look.summary(self._shown, by_outcome=self.filter.by_outcome))

    def _show_row(self, at: int) -> None:
        self._at = at
        look, row, score = self._look, int(self._shown[at]), self.exploration.score
        truth = int(look.explored.truth[row])
        self.cards.show_trial(
            Shown(
                truth=truth if truth >= 0 else None,
                ranking=ranking(look.explored, row, self._top, self.exploration.temperature),
                score=score if look.members is None else f"mean {score}",
                certainty=self._certainty(),
                what=look.what(row),
            )
        )
        self.origin.say(look.origin(row))
        self.epoch.show_epoch(look.epoch(row), "epoch" if look.members is None else "mean epoch")

    def _show_nothing(self) -> None:
        if len(self._look.explored):
            headline, detail = "No trial fits", "Press Esc to clear search and filters."
        else:
            headline = "Nothing to average"
            detail = "No picture or concept is known to have been shown twice. Press A for single trials."
        self.cards.show_nothing(headline, detail)
        self.origin.say([])
        self.epoch.show_epoch(None, "")

    def _certainty(self) -> str:
        """Temperatures are fitted to single trials: means are uncalibrated."""
        calibrated = self.exploration.about.calibration is not None and self._look.members is None
        return "calibrated" if calibrated else "uncalibrated"

    # ----------------------------------------------------------------------------------------------------- looks

    def restyle(self) -> None:
        """Take on theme and size of text, everywhere."""
        super().restyle()
        for part in (self.cards, self.origin, self.epoch, self.summary, self.table):
            part.set_theme(self.theme)
        self._colour()

    def _colour(self) -> None:
        palette = self.banner.palette()
        palette.setColor(palette.ColorRole.WindowText, QColor(self.theme.warning))
        palette.setColor(palette.ColorRole.Window, QColor(self.theme.raised))
        self.banner.setPalette(palette)
        for widget in self._paper:
            paper = widget.palette()
            paper.setColor(paper.ColorRole.Window, QColor(self.theme.panel))
            widget.setPalette(paper)

    def changeEvent(self, event: QEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Follow the size of the font."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange and self.centralWidget() is not None:
            self._fit()

    def _fit(self) -> None:
        """Give the list the width that the font makes necessary, but never half of the window."""
        width = min(self.fontMetrics().horizontalAdvance("n") * 52, round(0.42 * self.width()))
        self._halves.setSizes([width, self.width() - width])

    # ----------------------------------------------------------------------------------------------------- tools

    def state(self) -> dict[str, Any]:
        """Return what the window shows, for the file beside a screenshot."""
        look, row = self._look, self.row
        body = super().state() | decoder_state(self.exploration.about) | self.filter.state()
        body |= {"warning": self.exploration.warning, "summary": self.summary.text}
        if row is not None:
            rank = int(look.judged.rank[row])
            body["shown"] = {
                "what": look.what(row),
                "trials": (look.rows(row) + 1).tolist(),
                "rank": rank + 1 if rank >= 0 else None,
                "probabilities": self._certainty(),
            }
        return body


def show(exploration: Exploration, top: int, settings_file: Path | None = None) -> None:
    """Show a window until it is closed.

    Parameters
    ----------
    exploration
        What to look at.
    top
        How many of the best concepts to show.
    settings_file
        Where settings are kept; None: in the user's folder for such things.
    """
    run(
        lambda settings, kept_in: ExploreWindow(exploration, top, settings, kept_in),
        settings_file or default_folder() / "explore.json",
    )


def _banner(warning: str) -> QLabel:
    banner = QLabel(f"▲ {warning}")
    banner.setWordWrap(True)
    banner.setTextFormat(Qt.TextFormat.PlainText)
    banner.setAccessibleName(warning)
    banner.setMargin(6)
    banner.setVisible(bool(warning))
    banner.setAutoFillBackground(True)
    return banner


def _padded(words: Words) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(8, 0, 8, 0)
    layout.addWidget(words)
    return holder
