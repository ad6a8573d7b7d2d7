"""Nothing is cut and nothing overlaps in any preset, at the smallest screen the dashboard is made for."""

from itertools import combinations

import pytest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from staged_conductor import StagedConductor
from staged_session import StagedSession, about

from gui.plots import Plot
from gui.session_plan import FLATTEST
from gui.settings import Settings
from gui.sheet import Sheet
from gui.timeline_pane import TimelinePane
from gui.workspace import PRESETS

RIM = ("Fp1", "F7", "F8", "FT7", "FT8", "T7", "T8", "TP7", "TP8", "P7", "P8", "O1", "Oz", "O2")
CAP = (*(f"{row}{place}" for row in ("AF", "F", "FC", "C", "CP", "P", "PO") for place in "531z246"), *RIM)
LEAST = 2.0
"""Lines of words that a plot which is shown is high, beside its axes."""


def frames(window, session, n):
    for _ in range(n):
        session.stream(1 / 60)
        window.tick()


@pytest.fixture(params=[10, 14])
def shown(request, open_window):
    """A window of 1280 x 720 on a session of 63 channels and 200 concepts, in a small and a large font."""
    session = StagedSession(about(200, CAP))
    session.stream(10.0)
    for event in range(60):
        session.stream(0.2)
        session.decide(event % 200, best=event % 200 if event % 2 else 0, onset=session.now - 1.5)
    settings = Settings(theme="light", font_points=request.param)
    window = open_window(StagedConductor(session), settings, (1280, 720), clock=lambda: session.now)
    return window, session


def laid_out(shown, preset):
    window, session = shown
    window.arrange(preset)
    QApplication.processEvents()
    window.workspace.spread()
    for _ in range(3):
        frames(window, session, 30)
        QApplication.processEvents()
    window.grab()
    return window


def seen(parent, kind):
    return [widget for widget in parent.findChildren(kind) if not widget.visibleRegion().isEmpty()]


@pytest.mark.parametrize("preset", PRESETS)
def test_a24_no_label_and_no_button_is_cut(shown, preset):
    window = laid_out(shown, preset)
    for button in seen(window, QAbstractButton):
        if button.text():
            assert button.width() >= button.minimumSizeHint().width(), button.text()
    for label in seen(window, QLabel):
        if label.wordWrap():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
        else:
            assert label.width() >= label.minimumSizeHint().width(), label.text()


@pytest.mark.parametrize("preset", PRESETS)
def test_a24_no_tool_bar_has_too_little_room(shown, preset):
    window = laid_out(shown, preset)
    more = [button for button in window.findChildren(QToolButton, "qt_toolbar_ext_button") if button.isVisible()]
    assert more == []


@pytest.mark.parametrize("preset", PRESETS)
def test_a24_neighbours_do_not_overlap(shown, preset):
    window = laid_out(shown, preset)
    for parent in (window, *window.findChildren(QWidget)):
        if parent.layout() is None:
            continue
        widgets = [parent.layout().itemAt(i).widget() for i in range(parent.layout().count())]
        there = [widget for widget in widgets if widget is not None and not widget.visibleRegion().isEmpty()]
        for one, other in combinations(there, 2):
            assert not one.geometry().intersects(other.geometry()), (one, other)


@pytest.mark.parametrize("preset", PRESETS)
def test_a24_a_plot_is_high_enough_to_be_read_or_not_shown(shown, preset):
    window = laid_out(shown, preset)
    line = window.fontMetrics().height()
    for plot in seen(window, Plot):
        assert plot.getViewBox().height() >= LEAST * line, plot.parent()


@pytest.mark.parametrize("preset", ["Experiment", "Kiosk"])
def test_a26_what_is_decided_is_written_in_full(shown, preset):
    window = laid_out(shown, preset)
    for name in ("NowPane", "TruthPane"):
        if window.workspace.seen(name):
            sheet = window.workspace.panes[name].findChild(Sheet)
            elided = {text for _, text in sheet._tips} & {text for _, text in sheet._written}
            assert elided == set(), name


def test_a26_a_preset_that_is_returned_to_shows_its_own_panes_only(shown):
    window, _ = shown
    open_in = {}
    for preset in (*PRESETS, *PRESETS):
        window.arrange(preset)
        QApplication.processEvents()
        there = {name for name, dock in window.workspace.docks.items() if not dock.isHidden()}
        assert there == open_in.setdefault(preset, there)
    assert open_in["Kiosk"] == {"NowPane", "AccuracyPane"}


@pytest.mark.parametrize("shown", [10], indirect=True)
@pytest.mark.parametrize("preset", ["Experiment", "Monitor", "Debug"])
def test_b8_the_timeline_has_room_for_the_course_of_accuracy(shown, preset):
    chart = laid_out(shown, preset).workspace.pane(TimelinePane).chart
    assert chart.plan.ribbon.height() >= FLATTEST * chart._metrics().height()
