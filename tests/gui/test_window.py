import json

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QMessageBox, QWidget

from bci.conductor import Conductor, Phase, Status
from bci.errors import StreamError
from gui.actions import TABLE
from gui.palette import CommandPalette
from gui.settings import Settings, load_settings
from gui.window import Window


class Staged(Conductor):
    """A conductor whose status is what the test says."""

    def __init__(self, viewed=None, phase=Phase.RUNNING):
        super().__init__(None)
        self.now = Status(phase, viewed=viewed)
        self.asked = []

    def status(self):
        return self.now

    def prepare(self, stream=None):
        self.asked.append(f"prepare {stream}")

    def begin(self):
        self.asked.append("begin")

    def stop(self, reason="stopped"):
        self.asked.append(f"stop: {reason}")


@pytest.fixture
def open_window(qtbot, tmp_path):
    windows = []

    def open_it(conductor, settings=Settings(theme="dark"), **options):  # noqa: B008
        window = Window(conductor, settings, tmp_path / "default.json", **options)
        window._timer.stop()  # frames come when the test says
        windows.append(window)
        qtbot.addWidget(window)
        window.show()
        window.tick()
        return window

    yield open_it
    for window in windows:
        window.close_at_once()


@pytest.fixture
def running(open_window, staged):
    staged.stream(3.0)
    for truth in range(5):
        staged.decide(truth, best=truth if truth % 2 else 0)
    return open_window(Staged(staged), clock=lambda: staged.now)


def frames(window, staged, n=60):
    for _ in range(n):
        staged.stream(1 / 60)
        window.tick()


def test_every_pane_gets_its_turn(running, staged):
    for preset in ("Experiment", "Monitor", "Debug", "Kiosk"):
        running.arrange(preset)
        frames(running, staged, 120)
        seen = [name for name in running.workspace.panes if running.workspace.seen(name)]
        assert set(seen) <= set(running.meter.slots)
    assert running.notices.notices == []


def test_a28_a_pane_that_fails_is_told_of_and_the_others_go_on(running, staged, monkeypatch):
    def fail(snapshot):
        raise ValueError("no such thing")

    monkeypatch.setattr(running.workspace.panes["NowPane"], "refresh", fail)
    frames(running, staged)
    assert running.notices.count > 1
    assert "ValueError: no such thing" in running.notices.notices[0][1].text
    assert "raise ValueError" in running.notices.notices[0][1].trace
    assert running.meter.percentile("TracePane", 50) > 0


def test_a9_stopping_is_asked_about_first(running, qtbot):
    running.actions_by_id["stop"].trigger()
    question = running.findChild(QMessageBox)
    question.button(QMessageBox.StandardButton.Cancel).click()
    assert not any(asked.startswith("stop") for asked in running.conductor.asked)
    running.actions_by_id["stop"].trigger()
    running.findChildren(QMessageBox)[-1].button(QMessageBox.StandardButton.Yes).click()
    assert "stop: stopped" in running.conductor.asked


def test_a9_escape_stops_nothing(running, qtbot):
    qtbot.keyClick(running, Qt.Key.Key_Escape)
    assert not any(asked.startswith("stop") for asked in running.conductor.asked)
    assert running.isVisible()


def test_a9_closing_the_window_of_a_running_session_is_asked_about_first(running):
    assert not running.close()
    question = running.findChild(QMessageBox)
    assert "close the window" in question.text()
    question.button(QMessageBox.StandardButton.Yes).click()
    assert not running.isVisible()
    assert running.conductor.asked[-1] == "stop: the window was closed"


def test_a6_a_stream_that_is_chosen_is_opened_and_remembered(open_window, tmp_path):
    conductor = Staged(phase=Phase.CONFIGURE)
    window = open_window(conductor, pick=True)
    window.picker.chosen.emit("EPOC")
    assert conductor.asked == ["prepare EPOC"]
    assert load_settings(tmp_path / "default.json")[0].stream == "EPOC"
    assert not window.picker.isVisible()


def test_what_cannot_be_opened_is_said_and_another_stream_can_be_chosen(open_window):
    conductor = Staged(phase=Phase.CONFIGURE)
    window = open_window(conductor)
    conductor.now = Status(error=StreamError("expected the stream 'EPOC', found none"))
    window.tick()
    assert "expected the stream 'EPOC'" in window.notices.notices[-1][1].text
    assert window.picker.isVisible()


def test_the_end_of_a_session_says_where_everything_is(running, staged):
    running.conductor.now = Status(Phase.STOPPED, viewed=staged, summary={"ended": "bci:end", "events": 5})
    running.tick()
    assert "The session ended (bci:end): 5 events" in running.notices.notices[-1][1].text


def test_a26_the_preset_and_its_layout_are_kept(running, open_window, staged, tmp_path):
    running.arrange("Debug")
    running.close_at_once()
    kept, notice = load_settings(tmp_path / "default.json")
    assert (kept.preset, notice) == ("Debug", "")
    assert {"Experiment", "Debug"} <= kept.layouts.keys()
    again = open_window(Staged(staged), kept, clock=lambda: staged.now)
    assert again.workspace.preset == "Debug"


def test_a26_a_layout_can_be_put_back(running):
    running.workspace.docks["NowPane"].close()
    running.actions_by_id["reset_layout"].trigger()
    assert running.workspace.docks["NowPane"].isVisible()


def test_a22_the_theme_changes_everywhere(running, staged):
    names = []
    for _ in range(3):
        running.actions_by_id["theme"].trigger()
        frames(running, staged, 5)
        names.append((running.settings.theme, running.theme.name))
        assert {pane.theme for pane in running.workspace.panes.values()} == {running.theme}
    assert [name for name, _ in names] == ["light", "system", "dark"]
    assert names[0][1] == "light"
    assert names[2][1] == "dark"


def test_a24_text_grows_from_8_to_20_points(running):
    for _ in range(20):
        running.actions_by_id["larger"].trigger()
    assert QApplication.font().pointSize() == running.settings.font_points == 20
    for _ in range(20):
        running.actions_by_id["smaller"].trigger()
    assert QApplication.font().pointSize() == 8


def test_a29_a_screenshot_has_the_state_beside_it(open_window, staged, tmp_path):
    staged.tell(folder=tmp_path)
    staged.stream(1.0)
    window = open_window(Staged(staged), clock=lambda: staged.now)
    path = window.screenshot()
    assert path.parent == tmp_path
    assert path.read_bytes().startswith(b"\x89PNG")
    state = json.loads(path.with_suffix(".json").read_text())
    assert state["session"]["stream"]["name"] == "staged"
    assert state["session"]["synthetic"] is True


def test_a29_diagnostics_are_copied(running, staged):
    frames(running, staged, 5)
    running.actions_by_id["diagnostics"].trigger()
    text = QApplication.clipboard().text()
    assert "PyQt" in text
    assert "slot TracePane" in text


def test_a25_the_palette_opens_and_lists_what_can_be_done(running):
    running.actions_by_id["palette"].trigger()
    palette = running.findChild(CommandPalette)
    assert palette.isVisible()
    palette.close()


@pytest.mark.parametrize("preset", ["Experiment", "Monitor", "Debug", "Kiosk"])
def test_a25_every_control_has_a_name_and_can_be_reached_by_keys(running, preset):
    running.arrange(preset)
    controls = [
        widget
        for widget in running.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox | QLineEdit)
        and widget.isVisible()
        and not widget.objectName().startswith("qt_")
    ]
    for control in controls:
        named = control.accessibleName() or getattr(control, "text", str)()
        assert named, f"{type(control).__name__} in {control.parent()} has no name"


def test_a25_commands_of_the_table_are_actions_of_the_window(running):
    assert {command.id for command in TABLE} <= {action.objectName() for action in running.actions()}


def test_a3_a_hidden_window_paints_nothing(running, staged):
    running.hide()
    before = running.meter.slots, running.meter.percentile("TracePane", 50)
    calls = []
    running.workspace.panes["TracePane"].refresh = calls.append
    frames(running, staged, 30)
    assert calls == []
    assert before[0] == running.meter.slots


def test_b8_a_click_on_the_timeline_shows_the_signals_of_that_event(running, staged):
    for truth in range(5):
        staged.stream(10.0)
        staged.decide(truth)
    signals = running.workspace.panes["TracePane"]
    running.workspace.panes["TimelinePane"].trial_chosen.emit(6)
    assert signals.paused
    onset = staged.snapshot().decided.onset[6]
    shown = staged.history.between(signals._until - 1, signals._until).times[0]
    assert shown == pytest.approx(onset + signals.view.seconds / 2, abs=0.05)


def test_b8_an_event_whose_signals_are_gone_is_said_to_be_so(running, staged):
    staged.stream(200.0)
    running.workspace.panes["TimelinePane"].trial_chosen.emit(0)
    assert "s ago; the last 120 s" in running.statusBar().currentMessage()
    assert not running.workspace.panes["TracePane"].paused
