"""The window of `bci explore`: stepping, choosing, averaging, and saying what is not known."""

import json
import signal

import numpy as np
import pytest
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QWidget
from staged_session import about

from bci.explored import Exploration, Explored
from bci.exploring import Order, Outcome
from gui.explore_cards import columns_of
from gui.explore_window import TABLE, ExploreWindow, show
from gui.palette import ShortcutOverlay
from gui.settings import Settings, load_settings

LABELS = ("O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz")


def exploration(n=40, n_concepts=10, truth=None, warning="", trained=False, seed=0, **facts):
    """Noise in which the truth of every other trial stands out; trial i's epoch is i microvolts everywhere."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % n_concepts if truth is None else np.asarray(truth)
    scores = rng.normal(size=(n, n_concepts)).astype(np.float32) * 0.01
    hits = np.flatnonzero((np.arange(n) % 2 == 0) & (truth >= 0))
    scores[hits, truth[hits]] = 0.5
    misses = np.flatnonzero((np.arange(n) % 2 == 1) & (truth >= 0))
    scores[misses, truth[misses]] = -0.5
    explored = Explored(
        concepts=tuple(f"thing-{i}" for i in range(n_concepts)),
        truth=truth.astype(np.int64),
        images=np.full(n, -1, np.int64),
        scores=scores,
        groups={
            "subject": np.array(["07"] * n),
            "session": np.array(["2"] * n),
            "recording": np.array(["morning", "evening"])[np.arange(n) * 2 // max(n, 1)],
            "repetition": np.arange(n) // n_concepts,
            "onset": np.arange(n) * 0.5,
        },
        trained=np.full(n, trained),
    )
    return Exploration(
        about=about(n_concepts, LABELS, **facts),
        explored=explored,
        epoch=lambda trial: np.full((len(LABELS), 250), trial, np.float32),
        temperature=0.1,
        score="cosine",
        warning=warning,
    )


@pytest.fixture
def open_window(qtbot, tmp_path):
    def open_it(*args, top=5, settings=Settings(theme="dark"), **options):  # noqa: B008
        window = ExploreWindow(exploration(*args, **options), top, settings, tmp_path / "explore.json")
        qtbot.addWidget(window)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        return window

    return open_it


def do(window, *commands):
    for command in commands:
        window.actions_by_id[command].trigger()


def cell(window, row, column):
    return window.table.data(window.table.index(row, column))


# -------------------------------------------------------------------------------------------------------- stepping


def test_the_first_trial_is_shown_with_all_that_is_known_of_it(open_window):
    window = open_window()
    assert window.row == 0
    assert window.origin.text == (
        "single trial · recording morning · subject 07 · session 2 · trial 1 of 20 · at 0.00 s · repetition 1"
    )
    spoken = window.cards.accessibleDescription()
    assert spoken.startswith("single trial; shown: thing-0, rank 1 of 10; best: thing-0 ")
    assert spoken.endswith("; uncalibrated")
    assert spoken.count(" %") == 5


def test_keys_step_through_the_trials(open_window, qtbot):
    window = open_window()
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_End, Qt.Key.Key_Right):
        qtbot.keyClick(window.list, key)
        seen.append(window.row)
    qtbot.keyClick(window.list, Qt.Key.Key_Home)
    assert [*seen, window.row] == [1, 2, 1, 39, 39, 0]


def test_keys_find_the_next_hit_and_miss(open_window, qtbot):
    window = open_window()
    seen = []
    for key in (Qt.Key.Key_M, Qt.Key.Key_M, Qt.Key.Key_H):
        qtbot.keyClick(window.list, key)
        seen.append(window.row)
    assert seen == [1, 3, 4]
    do(window, "last", "next_miss")
    assert window.row == 39
    assert window.statusBar().currentMessage() == "no miss further down the list"


def test_the_keyboard_belongs_to_the_list_at_first(open_window, qtbot):
    window = open_window()
    assert window.focusWidget() is window.list


def test_letters_typed_into_the_search_are_no_commands(open_window, qtbot):
    window = open_window()
    do(window, "filter")
    assert window.focusWidget() is window.filter.search
    qtbot.keyClicks(window.filter.search, "ma")
    assert window.filter.search.text() == "ma"
    assert not window.actions_by_id["averages"].isChecked()


def test_a_click_in_the_list_shows_a_trial(open_window, qtbot):
    window = open_window()
    place = window.list.visualRect(window.table.index(3, 2)).center()
    qtbot.mouseClick(window.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.row == 3


def test_the_epoch_that_is_shown_is_that_of_the_trial(open_window):
    window = open_window()
    window.go(7)
    x, y = window.epoch._mean.getData()
    assert set(y) == {7.0}
    assert (x[0], x[-1]) == (0.0, pytest.approx(1.0 - 1 / 250))
    assert window.epoch.words.text.startswith(
        "epoch · µV over s from the onset · thin: 8 channels · thick: mean of O1"
    )
    assert "before scaling" in window.epoch.words.text


def test_seconds_are_not_shown_as_thousandths(open_window):
    window = open_window()
    QApplication.processEvents()
    assert window.epoch.plot.getAxis("bottom").autoSIPrefixScale == 1.0


# -------------------------------------------------------------------------------------------------------- choosing


def test_the_list_tells_shown_named_and_rank(open_window):
    window = open_window()
    assert [cell(window, 0, column) for column in (0, 1, 2, 3, 4)] == ["1", "●", "thing-0", "1", "thing-0"]
    assert [cell(window, 1, column) for column in (0, 1, 2, 3)] == ["2", "○", "thing-1", "10"]
    spoken = window.table.data(window.table.index(1, 1), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "miss"


def test_trials_are_chosen_by_outcome_concept_and_text(open_window):
    window = open_window()
    window.filter.outcome.setCurrentIndex(window.filter.outcome.findData(Outcome.MISS))
    assert window.table.rowCount() == 20
    assert "chosen by outcome" in window.summary.text
    window.filter.concept.setCurrentIndex(window.filter.concept.findText("thing-3"))
    assert window.table.rowCount() == 4
    window.filter.search.setText("EVEN")
    assert window.table.rowCount() == 2
    do(window, "clear")
    assert window.table.rowCount() == 40


def test_the_trial_that_is_shown_stays_while_it_is_among_the_chosen(open_window):
    window = open_window()
    window.go(6)
    window.filter.outcome.setCurrentIndex(window.filter.outcome.findData(Outcome.HIT))
    assert window.row == 6
    window.filter.outcome.setCurrentIndex(window.filter.outcome.findData(Outcome.MISS))
    assert window.row == 1


def test_another_order_begins_at_its_first(open_window):
    window = open_window()
    window.filter.order.setCurrentIndex(window.filter.order.findData(Order.WORST))
    assert window.row % 2 == 1
    assert window.list.currentIndex().row() == 0


def test_nothing_that_fits_is_said_with_what_to_do(open_window, qtbot):
    window = open_window()
    window.filter.search.setText("zebra")
    assert window.row is None
    assert window.cards.accessibleDescription() == "No trial fits: Press Esc to clear search and filters."
    assert not window.epoch.plot.isVisible()
    do(window, "next", "next_hit", "last")
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert window.row == 0
    assert window.epoch.plot.isVisible()


def test_of_a_few_concepts_the_best_five_say_nothing(open_window):
    window = open_window(n_concepts=2)
    assert window.filter.outcome.findData(Outcome.FIVE) == -1
    assert "top-5" not in window.summary.text


@pytest.mark.parametrize(("trial", "end"), [(0, 1), (1, 1), (12, 20), (20, 20), (21, 50)])
def test_the_axis_ends_at_round_numbers(open_window, trial, end):
    window = open_window()
    window.go(trial)
    assert window.epoch.plot.viewRange()[1] == pytest.approx([-end, end], rel=0.11)


# ------------------------------------------------------------------------------------------------ words that count


def test_it_says_that_it_is_no_evaluation(open_window):
    window = open_window()
    assert window.summary.text == (
        "40 of 40 trials · top-1 50.0 % (20 of 40), chance 10.0 % · top-5 50.0 % (20 of 40), chance 50.0 % · "
        "a look, no evaluation: for that, bci evaluate"
    )


def test_trials_that_were_trained_on_are_warned_of(open_window):
    window = open_window(warning="trained on this recording: what you see is not held out", trained=True)
    assert window.banner.isVisible()
    assert window.banner.text() == "▲ trained on this recording: what you see is not held out"
    assert "40 of them trained on" in window.summary.text
    assert not open_window().banner.isVisible()


def test_probabilities_are_called_calibrated_only_where_they_are(open_window):
    window = open_window(calibration={"temperature": 0.1})
    assert window.cards.accessibleDescription().endswith("; calibrated")
    do(window, "averages")
    assert window.cards.accessibleDescription().endswith("; uncalibrated")


def test_an_unknown_truth_is_said(open_window):
    window = open_window(truth=np.full(40, -1))
    assert "truth unknown" in window.cards.accessibleDescription()
    assert window.summary.text.startswith("40 of 40 trials · truth unknown · ")
    assert [cell(window, 0, column) for column in (1, 2, 3)] == ["?", "unknown", ""]
    assert window.grab().toImage().width() == 1280
    do(window, "averages")
    assert window.cards.accessibleDescription().startswith("Nothing to average")


# ------------------------------------------------------------------------------------------------------- averaging


def test_means_are_called_means_and_stand_apart(open_window):
    window = open_window()
    window.go(13)
    do(window, "averages")
    assert window.table.rowCount() == 10
    assert cell(window, 0, 0) == "4"
    assert window.origin.text.startswith("mean of 4 repetitions · 2 recordings · subject 07 · session 2")
    assert window.summary.text.startswith("10 of 10 means of 4 repetitions · ")
    assert window.cards.accessibleDescription().startswith("mean of 4 repetitions; shown: thing-3")
    do(window, "averages")
    assert window.table.rowCount() == 40
    assert window.row == 3
    assert window.origin.text.startswith("single trial")


def test_the_epoch_of_a_mean_is_the_mean_of_its_epochs(open_window):
    window = open_window()
    do(window, "averages")
    assert set(window.epoch._mean.getData()[1]) == {15.0}  # of trials 0, 10, 20 and 30
    assert window.epoch.words.text.startswith("mean epoch")


# ------------------------------------------------------------------------------------------------ looks and access


def test_a22_the_theme_changes_everywhere(open_window):
    window = open_window()
    do(window, "theme")
    assert window.theme.name == "light"
    assert window.cards._sheet.theme is window.summary.theme is window.theme
    ground = window.grab().toImage().pixelColor(window.width() - 4, 300)
    assert ground == QColor(window.theme.panel)


@pytest.mark.parametrize("points", [8, 10, 20])
@pytest.mark.parametrize(("n_concepts", "top"), [(2, 5), (10, 5), (200, 10)])
def test_a24_it_can_be_painted_at_every_size_of_text(open_window, theme, points, n_concepts, top):
    window = open_window(n_concepts=n_concepts, top=top, settings=Settings(theme=theme.name, font_points=points))
    window.resize(1280, 720)
    image = window.grab().toImage()
    assert window.size().width() == 1280, "the text made the window grow"
    assert window.size().height() == 720
    assert len(_colours(image)) > 5


def _colours(image: QImage):
    return {image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, image.height(), 9)}


@pytest.mark.parametrize(("command", "start", "end"), [("larger", 18, 20), ("smaller", 10, 8)])
def test_a24_text_has_8_to_20_points_and_is_kept(open_window, tmp_path, command, start, end):
    window = open_window(settings=Settings(font_points=start))
    do(window, *[command] * 4)
    assert QApplication.font().pointSize() == end
    assert load_settings(tmp_path / "explore.json")[0].font_points == end


def test_a24_the_list_follows_the_size_of_text_as_if_it_had_been_opened_with_it(open_window):
    window = open_window(settings=Settings(font_points=8))
    sizes = []
    for _ in range(12):
        do(window, "larger")
        sizes.append(measures(window.list))
    for points, stepped in enumerate(sizes, start=9):
        assert measures(open_window(settings=Settings(font_points=points)).list) == stepped


def measures(table):
    return table.rowHeight(0), [table.columnWidth(column) for column in (0, 1, 3)]


def test_a25_every_control_has_a_name(open_window):
    window = open_window()
    for control in window.findChildren(QWidget):
        own = not control.objectName().startswith("qt_") and control.parent() is not window.filter.search
        if isinstance(control, QAbstractButton | QComboBox | QLineEdit) and own and control.isVisible():
            named = control.accessibleName() or getattr(control, "text", str)()
            assert named or control.parent() is window.list, f"{type(control).__name__} has no name"
    assert window.list.accessibleName() == "Trials"


def test_a25_shortcuts_are_all_different_and_told(open_window, qtbot):
    keys = [command.shortcut for command in TABLE]
    assert len(set(keys)) == len(keys)
    window = open_window()
    do(window, "shortcuts")
    assert window.findChild(ShortcutOverlay).isVisible()
    window.findChild(ShortcutOverlay).close()


def test_a29_a_screenshot_has_the_state_beside_it(open_window, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    window = open_window(warning="trained on this recording")
    window.go(2)
    path = window.screenshot()
    assert path.read_bytes().startswith(b"\x89PNG")
    state = json.loads(path.with_suffix(".json").read_text())
    assert state["shown"] == {"what": "single trial", "trials": [3], "rank": 1, "probabilities": "uncalibrated"}
    assert state["warning"] == "trained on this recording"


def test_a_hundred_thousand_trials_make_no_cells_until_they_are_looked_at(open_window, monkeypatch):
    window = open_window(n=100_000)
    made = []
    monkeypatch.setattr(type(window.table), "_text", lambda self, *where: made.append(where) or "")
    do(window, "last", "first")
    window.grab()
    assert window.table.rowCount() == 100_000
    assert len(made) < 5_000


def test_a_signal_closes_it_and_its_settings_are_kept(qapp, tmp_path):
    QTimer.singleShot(0, lambda: signal.raise_signal(signal.SIGINT))
    show(exploration(), 5, tmp_path / "explore.json")
    assert load_settings(tmp_path / "explore.json")[0].geometry


# ------------------------------------------------------------------------------------------------------- geometry


def test_cards_take_as_many_columns_as_make_pictures_large():
    assert columns_of(600, 200, 5, 60, 80) == (5, 112)
    columns, side = columns_of(300, 400, 4, 60, 80)
    assert (columns, side) == (2, 140)
