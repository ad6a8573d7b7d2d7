"""The window of `bci explore`: a list of trials, and of the chosen one its pictures and its epoch."""

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QByteArray, QEvent, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QColor
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QMainWindow,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bci.exploring import (
    Exploration,
    Explored,
    Judged,
    Order,
    Outcome,
    average,
    judge,
    next_row,
    order,
    ranking,
    select,
    summarise,
)
from bci.interrupt import ended_by_signals
from bci.tally import top5_counts
from gui import actions, style
from gui.actions import Command, add_menus, make_actions
from gui.epoch_plot import EpochPlot
from gui.explore_cards import Shown, TrialCards
from gui.explore_list import TrialList, TrialTable
from gui.notices import Notice, NoticeBar
from gui.palette import CommandPalette, ShortcutOverlay
from gui.settings import Settings, default_folder, load_settings, save_settings
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
EVERY_CONCEPT = "all concepts"
NO_EVALUATION = "a look, no evaluation: for that, bci evaluate"


@dataclass(frozen=True, slots=True)
class _Look:
    """Single trials, or means with the trials that went into each."""

    explored: Explored
    judged: Judged
    members: tuple[NDArray[np.int64], ...] | None = None

    def rows(self, row: int) -> NDArray[np.int64]:
        """Trials that went into a row."""
        return np.array([row]) if self.members is None else self.members[row]

    def row_of(self, trial: int) -> int:
        """Return the row that a trial went into, -1 if there is none."""
        if self.members is None:
            return trial
        return next((row for row, trials in enumerate(self.members) if trial in trials), -1)

    def counts(self) -> NDArray[np.int64] | None:
        """Trials in each row; None for single trials."""
        return None if self.members is None else np.array([len(each) for each in self.members], np.int64)


class ExploreWindow(QMainWindow):
    """Steps through trials.

    Parameters
    ----------
    exploration
        The trials, their scores and epochs.
    top
        How many of the best concepts to show.
    settings
        What the user has set.
    kept_in
        File to which changed settings are written; None: nowhere.
    """

    def __init__(
        self, exploration: Exploration, top: int, settings: Settings, kept_in: Path | None = None
    ) -> None:
        super().__init__()
        self.exploration = exploration
        self.settings = settings
        self.notices = NoticeBar()
        self._top = top
        self._kept_in = kept_in
        self._single = _Look(exploration.explored, judge(exploration.explored, exploration.temperature))
        self._means: _Look | None = None
        self._look = self._single
        self._shown = np.zeros(0, np.int64)
        self._at = 0
        self._mean_epoch = lru_cache(maxsize=8)(self._averaged_epoch)
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 (a window needs one)
        self._app = app
        self.theme = style.theme_of(settings.theme, app)
        style.apply(app, self.theme, settings.font_points)
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
        self.setMinimumSize(960, 600)
        self.resize(1280, 720)
        if self.settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.settings.geometry.encode()))
        self.actions_by_id = make_actions(self, TABLE, self._handlers())
        self.actions_by_id["averages"].setCheckable(True)
        bar = self.menuBar()
        assert bar is not None  # noqa: S101 (for the type checker)
        add_menus(bar, TABLE, self.actions_by_id)
        self.banner = QLabel(f"▲ {self.exploration.warning}")
        self.banner.setWordWrap(True)
        self.banner.setTextFormat(Qt.TextFormat.PlainText)
        self.banner.setAccessibleName(self.exploration.warning)
        self.banner.setMargin(6)
        self.banner.setVisible(bool(self.exploration.warning))
        self.banner.setAutoFillBackground(True)
        self.cards = TrialCards(about, self.theme)
        self.place = Words(self.theme)
        self.epoch = EpochPlot(self.theme, about.decoder.channels, about.window, about.filters)
        self.summary = Words(self.theme)
        self._halves = middle = QSplitter(Qt.Orientation.Horizontal)
        middle.addWidget(self._left())
        middle.addWidget(self._right())
        middle.setStretchFactor(1, 1)
        middle.setChildrenCollapsible(False)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        for part in (self.banner, self.notices):
            layout.addWidget(part)
        layout.addWidget(middle, 1)
        layout.addWidget(_padded(self.summary))
        self.setCentralWidget(page)
        self._fit()
        self._colour()
        self.list.setFocus()
        hints = self._app.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._follow_desktop)

    def _left(self) -> QWidget:
        self.search = QLineEdit()
        self.search.setPlaceholderText("search what was shown, recording, subject")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self._list_anew())
        self.outcome, self.concept, self.order = QComboBox(), QComboBox(), QComboBox()
        for box, name in ((self.outcome, "Outcome"), (self.concept, "Concept shown"), (self.order, "Order")):
            box.setAccessibleName(name)
            box.setToolTip(name)
            box.setMinimumContentsLength(10)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for outcome in _outcomes(len(self._single.explored.concepts)):
            self.outcome.addItem(outcome.value, outcome)
        for by in Order:
            self.order.addItem(by.value, by)
        self.concept.addItem(EVERY_CONCEPT, None)
        shown = np.unique(self._single.explored.truth)
        for concept in shown[shown >= 0].tolist():
            self.concept.addItem(self._single.explored.concepts[concept], concept)
        for box in (self.outcome, self.concept):
            box.currentIndexChanged.connect(lambda _: self._list_anew())
        self.order.currentIndexChanged.connect(lambda _: self._list_anew(keep=-1))
        self.averages = QToolButton()
        self.averages.setDefaultAction(self.actions_by_id["averages"])
        self.table = TrialTable(self.theme)
        self.list = TrialList(self.table)
        self.list.chosen.connect(self._show_row)
        self.search.returnPressed.connect(self.list.setFocus)
        panel = QWidget()
        grid = QGridLayout(panel)
        grid.setContentsMargins(8, 4, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self.search, 0, 0, 1, 2)
        grid.addWidget(self.outcome, 1, 0)
        grid.addWidget(self.concept, 1, 1)
        grid.addWidget(self.order, 2, 0)
        grid.addWidget(self.averages, 2, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.list, 3, 0, 1, 2)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        return panel

    def _right(self) -> QWidget:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        column.addWidget(_padded(self.place))
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

    def _handlers(self) -> Mapping[str, Callable[[], object]]:
        return {
            "previous": lambda: self.go(self._at - 1),
            "next": lambda: self.go(self._at + 1),
            "first": lambda: self.go(0),
            "last": lambda: self.go(len(self._shown) - 1),
            "next_hit": lambda: self._find(hit=True),
            "next_miss": lambda: self._find(hit=False),
            "averages": self._switch,
            "filter": self._focus_search,
            "clear": self.clear,
            "quit": self.close,
            "full_screen": self._full_screen,
            "larger": lambda: self._resize_text(1),
            "smaller": lambda: self._resize_text(-1),
            "theme": self._next_theme,
            "screenshot": self.screenshot,
            "palette": lambda: _opened(CommandPalette(self, TABLE, self.actions_by_id)),
            "shortcuts": lambda: _opened(ShortcutOverlay(self, TABLE)),
        }

    # ---------------------------------------------------------------------------------------------------- moving

    def go(self, at: int) -> None:
        """Go to a place in the list, or as near to it as there is one."""
        if len(self._shown):
            self.list.choose(min(max(0, at), len(self._shown) - 1))

    def clear(self) -> None:
        """Show all trials; the order stays."""
        self.search.clear()
        self.outcome.setCurrentIndex(0)
        self.concept.setCurrentIndex(0)
        self.list.setFocus()

    def _find(self, *, hit: bool) -> None:
        judged = self._look.judged
        found = next_row(self._shown, judged.hits(1) if hit else judged.told & ~judged.hits(1), self._at)
        if found is None:
            self._say(f"no {'hit' if hit else 'miss'} further down the list")
        else:
            self.go(found)

    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _switch(self) -> None:
        """Change between single trials and means, staying with what was shown."""
        trial = int(self._look.rows(self.row)[0]) if self.row is not None else 0
        if self.actions_by_id["averages"].isChecked():
            self._look = self._averages()
        else:
            self._look = self._single
        self._list_anew(keep=self._look.row_of(trial))

    def _averages(self) -> _Look:
        if self._means is None:
            means = average(self._single.explored)
            judged = judge(means.explored, self.exploration.temperature)
            self._means = _Look(means.explored, judged, means.members)
        return self._means

    # --------------------------------------------------------------------------------------------------- showing

    def _list_anew(self, keep: int | None = None) -> None:
        """Filter and order once more; stay with a row, by default the one that is shown, if it is still there."""
        look, keep = self._look, self.row if keep is None else keep
        outcome = Outcome(self.outcome.currentData())
        chosen = select(look.explored, look.judged, outcome, self.concept.currentData(), self.search.text())
        sorted_rows = order(look.judged, Order(self.order.currentData()))
        self._shown = sorted_rows[chosen[sorted_rows]]
        self._at = 0
        self.table.show(look.explored, look.judged, self._shown, look.counts())
        found = np.flatnonzero(self._shown == keep)
        if len(self._shown):
            self.list.choose(int(found[0]) if len(found) else 0)
        else:
            self._show_nothing()
        self._summarise(outcome)

    def _show_row(self, at: int) -> None:
        self._at = at
        look, row = self._look, int(self._shown[at])
        truth = int(look.explored.truth[row])
        self.cards.show_trial(
            Shown(
                truth=truth if truth >= 0 else None,
                ranking=ranking(look.explored, row, self._top, self.exploration.temperature),
                score=self.exploration.score if look.members is None else f"mean {self.exploration.score}",
                certainty=self._certainty(),
                what=self._what(row),
            )
        )
        self.place.say(self._whereabouts(row))
        self.epoch.show_epoch(self._epoch_of(row), "epoch" if look.members is None else "mean epoch")

    def _show_nothing(self) -> None:
        if len(self._look.explored):
            headline, detail = "No trial fits", "Press Esc to clear search and filters."
        else:
            headline = "Nothing to average"
            detail = "No picture or concept is known to have been shown twice. Press A for single trials."
        self.cards.show_nothing(headline, detail)
        self.place.say([])
        self.epoch.show_epoch(None, "")

    def _summarise(self, outcome: Outcome) -> None:
        look = self._look
        chosen = outcome is not Outcome.ALL
        if not len(look.explored):
            self.summary.say([("muted", NO_EVALUATION)])
            return
        summary = summarise(look.explored, look.judged, self._shown, by_outcome=chosen)
        first, *others = summary.words("trials" if look.members is None else f"means of {_span(look.counts())}")
        colour = "text" if look.members is None else "accent"
        words = [(colour, first), *(("text", phrase) for phrase in others)]
        self.summary.say([*words, ("muted", NO_EVALUATION)])

    def _certainty(self) -> str:
        """Temperatures are fitted to single trials: means are uncalibrated."""
        calibrated = self.exploration.about.calibration is not None and self._look.members is None
        return "calibrated" if calibrated else "uncalibrated"

    def _what(self, row: int) -> str:
        return (
            "single trial" if self._look.members is None else f"mean of {len(self._look.members[row])} repetitions"
        )

    def _whereabouts(self, row: int) -> list[tuple[str, str]]:
        """What it is, and where it comes from."""
        look, groups = self._look, self._look.explored.groups
        words = [("text" if look.members is None else "accent", self._what(row))]
        if look.explored.trained[row] and not look.explored.trained.all():
            words.append(("warning", "▲ trained on"))
        words += [("text", _named(name, str(groups[name][row]))) for name in ("recording", "subject", "session")]
        if look.members is None:
            same = groups["recording"] == groups["recording"][row]
            words.append(("text", f"trial {int(same[: row + 1].sum()):,} of {int(same.sum()):,}"))
            if "onset" in groups:
                words.append(("text", f"at {float(groups['onset'][row]):.2f} s"))
            words.append(("text", f"repetition {int(groups['repetition'][row]) + 1:,}"))
        return words

    def _epoch_of(self, row: int) -> NDArray[np.float32]:
        return self.exploration.epoch(row) if self._look.members is None else self._mean_epoch(row)

    def _averaged_epoch(self, row: int) -> NDArray[np.float32]:
        total: NDArray[np.float64] | None = None
        trials = self._averages().rows(row)
        for trial in trials.tolist():
            epoch = self.exploration.epoch(trial).astype(np.float64)
            total = epoch if total is None else total + epoch
        assert total is not None  # noqa: S101 (no mean is of nothing)
        return np.asarray(total / len(trials), np.float32)

    def _say(self, text: str) -> None:
        bar = self.statusBar()
        assert bar is not None  # noqa: S101 (for the type checker)
        bar.showMessage(text, 4000)

    # ----------------------------------------------------------------------------------------------------- looks

    def _full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _resize_text(self, by: int) -> None:
        self._keep(font_points=min(20, max(8, self.settings.font_points + by)))
        self._restyle()

    def _next_theme(self) -> None:
        following = {"dark": "light", "light": "system", "system": "dark"}
        self._keep(theme=following[self.settings.theme])
        self._restyle()
        self._say(f"theme: {self.settings.theme}")

    def _follow_desktop(self, scheme: Qt.ColorScheme) -> None:  # noqa: ARG002 (the theme is asked anew)
        if self.settings.theme == "system":
            self._restyle()

    def _restyle(self) -> None:
        self.theme = style.theme_of(self.settings.theme, self._app)
        style.apply(self._app, self.theme, self.settings.font_points)
        for part in (self.cards, self.place, self.epoch, self.summary, self.table):
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
        if event is not None and event.type() == QEvent.Type.FontChange and hasattr(self, "list"):
            self._fit()

    def _fit(self) -> None:
        """Give the list the width that the font makes necessary, but never half of the window."""
        self.list.fit()
        width = min(self.fontMetrics().horizontalAdvance("n") * 52, round(0.42 * self.width()))
        self._halves.setSizes([width, self.width() - width])

    def _keep(self, **changed: Any) -> None:
        """Change settings and write them down."""
        self.settings = self.settings.model_copy(update=changed)
        if self._kept_in is not None:
            save_settings(self._kept_in, self.settings)

    # ----------------------------------------------------------------------------------------------------- tools

    def state(self) -> dict[str, Any]:
        """Return what the window shows, for the file beside a screenshot."""
        about, look, row = self.exploration.about, self._look, self.row
        body: dict[str, Any] = {
            "schema": 1,
            "taken": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "decoder": about.decoder_name,
            "model": about.decoder.model,
            "bank": about.decoder.bank,
            "synthetic": about.synthetic,
            "warning": self.exploration.warning,
            "summary": self.summary.text,
            "outcome": self.outcome.currentText(),
            "concept": self.concept.currentText(),
            "search": self.search.text(),
            "order": self.order.currentText(),
        }
        if row is not None:
            rank = int(look.judged.rank[row])
            body["shown"] = {
                "what": self._what(row),
                "trials": (look.rows(row) + 1).tolist(),
                "rank": rank + 1 if rank >= 0 else None,
                "probabilities": self._certainty(),
            }
        return body

    def screenshot(self) -> Path:
        """Save the window as PNG and its state beside it; return where."""
        path = Path.cwd() / time.strftime("screenshot-%Y%m%d-%H%M%S.png")
        if not self.grab().save(str(path)):
            self.notices.add(Notice(f"the screenshot could not be written to {path}: is the disk full?"))
            return path
        path.with_suffix(".json").write_text(json.dumps(self.state(), indent=2), encoding="utf-8")
        self._say(f"saved {path}")
        return path

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802 (Qt's name)
        """Keep the settings."""
        self._keep(geometry=bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)


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
    app = QApplication.instance() or QApplication(sys.argv[:1])
    app.setApplicationName("bci")
    path = settings_file or default_folder() / "explore.json"
    settings, said = load_settings(path)
    window = ExploreWindow(exploration, top, settings, path)
    if said:
        window.notices.add(Notice(said))

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """An exception in a slot would end the process."""
        sys.__excepthook__(kind, error, trace)
        told = f"{kind.__name__}: {error}; please report it"
        window.notices.add(Notice(told, "".join(traceback.format_exception(error))))

    before, sys.excepthook = sys.excepthook, report
    awake = QTimer(window)  # Python sees Ctrl-C only when it gets to run
    awake.timeout.connect(lambda: None)
    awake.start(200)
    try:
        with ended_by_signals(lambda: QTimer.singleShot(0, window.close)):
            window.show()
            app.exec()
    finally:
        sys.excepthook = before
        awake.stop()


def _outcomes(n_concepts: int) -> tuple[Outcome, ...]:
    """Choices by outcome; those of the best five only where these say something."""
    five = (Outcome.FIVE, Outcome.FIVE_MISS)
    return tuple(each for each in Outcome if each not in five or top5_counts(n_concepts))


def _named(name: str, value: str) -> str:
    """`subject 1`, but `2 subjects` of a mean over several."""
    return value if value.endswith(f" {name}s") else f"{name} {value}"


def _span(counts: NDArray[np.int64] | None) -> str:
    if counts is None or not len(counts):
        return "repetitions"
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,} repetitions" if low == high else f"{low:,} to {high:,} repetitions"


def _padded(words: Words) -> QWidget:
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(8, 0, 8, 0)
    layout.addWidget(words)
    return holder


def _opened(dialog: CommandPalette | ShortcutOverlay) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
