import json
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QWidget,
)
from staged_conductor import StagedConductor
from staged_session import Easel, StagedSession, about

from bci.conductor import Phase, Status
from bci.errors import ConfigError, MismatchError, StreamError
from gui.actions import TABLE
from gui.notices import Notice
from gui.palette import CommandPalette
from gui.panes import PANES
from gui.record_dialogs import ExcludeDialog, NoteDialog
from gui.settings import Settings, load_settings
from gui.style import theme_of
from gui.theme import LIGHT
from gui.trace_pane import TracePane


@pytest.fixture
def running(open_window, staged):
    staged.stream(3.0)
    for truth in range(5):
        staged.decide(truth, best=truth if truth % 2 else 0)
    return open_window(StagedConductor(staged), clock=lambda: staged.now)


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


def test_what_a_session_paints_is_seen_from_the_start_and_only_there(open_window, staged, qtbot):
    staged.painting = Easel()
    window = open_window(StagedConductor(staged), clock=lambda: staged.now)
    frames(window, staged)
    assert window.workspace.seen("ReconstructionPane")
    assert staged.painting.looked > 0
    window.arrange("Monitor")
    window.arrange("Experiment")
    assert window.workspace.seen("ReconstructionPane")
    kept = window.settings.layouts["Experiment"]
    staged.painting = None
    later = open_window(StagedConductor(staged), Settings(layouts={"Experiment": kept}), clock=lambda: staged.now)
    assert later.workspace.seen("TruthPane")
    assert later.workspace.docks["ReconstructionPane"].isHidden()


def test_a28_a_pane_that_fails_is_told_of_and_the_others_go_on(running, staged, monkeypatch):
    def fail(snapshot):
        raise ValueError("no such thing")

    monkeypatch.setattr(running.workspace.panes["NowPane"], "refresh", fail)
    frames(running, staged)
    assert running.notices.count > 1
    assert "ValueError: no such thing" in running.notices.notices[0][1].text
    assert "raise ValueError" in running.notices.notices[0][1].trace
    assert running.meter.percentile("TracePane", 50) > 0


def test_a12_bad_channels_are_left_out_of_decoding_by_an_action_of_its_own_after_a_question(running):
    def answer(button):
        running.actions_by_id["leave_out"].trigger()
        question = running.findChildren(QMessageBox)[-1]
        said = question.text()
        question.button(button).click()
        return said

    signals = running.workspace.pane(TracePane)
    one, other = signals.viewed.about.stream.labels[:2]
    signals.toggle_bad(other)
    signals.toggle_bad(one)
    told = running.status_bar.currentMessage()
    assert f"{one} is marked bad on this screen; for the decoder nothing changes before Ctrl+B" in told
    assert answer(QMessageBox.StandardButton.Cancel) == f"Decode without {', '.join(sorted([one, other]))}?"
    assert not any(asked.startswith("leave out") for asked in running.conductor.asked)
    answer(QMessageBox.StandardButton.Yes)
    assert running.conductor.asked[-1] == f"leave out {sorted([one, other])}"
    for label in (one, other):
        signals.toggle_bad(label)
    assert answer(QMessageBox.StandardButton.Yes) == "Decode with all channels?"
    assert running.conductor.asked[-1] == "leave out []"


def test_a12_channels_that_cannot_be_left_out_are_told_of(running, monkeypatch):
    def refuse(labels):
        raise MismatchError(f"cannot leave out {', '.join(labels)}")

    monkeypatch.setattr(running.conductor, "leave_out", refuse)
    signals = running.workspace.pane(TracePane)
    signals.toggle_bad(signals.viewed.about.stream.labels[0])
    running.actions_by_id["leave_out"].trigger()
    running.findChildren(QMessageBox)[-1].button(QMessageBox.StandardButton.Yes).click()
    assert "cannot leave out" in running.notices.notices[-1][1].text


def test_the_operator_pauses_excludes_and_notes_and_decoding_goes_on(running, staged, qtbot):
    def dialog(action, kind):
        running.actions_by_id[action].trigger()
        found = running.findChildren(kind)[-1]
        frames(running, staged, 3)  # nobody waits for the dialog
        return found

    running.actions_by_id["pause"].trigger()
    note = dialog("note", NoteDialog)
    ok = note.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    note.field.setText("  ")
    assert not ok.isEnabled()
    qtbot.keyClicks(note.field, "coughs")
    ok.click()
    dialog("note", NoteDialog).reject()
    dialog("exclude", ExcludeDialog).accept()
    following = dialog("exclude", ExcludeDialog)
    following.when.setCurrentIndex(1)
    following.seconds.setValue(45.5)
    following.accept()
    assert running.conductor.asked[1:] == ["pause", "note: coughs", "exclude -10 to 0", "exclude 0 to 45.5"]


def test_what_the_session_refuses_is_told_of(running, monkeypatch):
    def refuse():
        raise ConfigError("cannot pause: it is decoded elsewhere")

    monkeypatch.setattr(running.conductor, "pause", refuse)
    running._steer("pausing", running.conductor.pause)
    assert "decoded elsewhere" in running.notices.notices[-1][1].text


def test_a29_what_stands_beside_a_screenshot_names_nobody(running, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gui.base_window.nameless", lambda text: text.replace("staged", "~"))
    running.notices.add(Notice("it is in staged/sessions"))
    beside = running.screenshot().with_suffix(".json")
    assert "staged" not in beside.read_text("utf-8")
    assert json.loads(beside.read_text("utf-8"))["notices"][-1] == "it is in ~/sessions"


def test_another_decoder_is_chosen_by_an_action_and_its_panes_follow(running, staged, tmp_path, monkeypatch):
    monkeypatch.setattr(
        QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(tmp_path / "bundle.json"))
    )
    running.arrange("Monitor")
    running.actions_by_id["switch"].trigger()
    assert running.conductor.asked[-1] == "switch to bundle.json"
    frames(running, staged, 3)
    assert running.status_bar.currentMessage() == ""  # it is still being loaded
    after = StagedSession(about(7))
    after.stream(3.0)
    running.conductor.now = replace(running.conductor.now, viewed=after)
    running.conductor.switching.set_result(None)
    frames(running, after, 3)
    assert running.workspace.pane(TracePane).viewed is after
    assert running.settings.preset == "Monitor"
    assert (
        "decoder 00000000, bank 11111111: figures are its own from now on" in running.status_bar.currentMessage()
    )


def test_a_decoder_that_does_not_fit_is_told_of(running, staged):
    running.switch_to(Path("other"))
    running.conductor.switching.set_exception(MismatchError("expected a decoder of locked windows"))
    frames(running, staged, 3)
    assert "expected a decoder of locked windows" in running.notices.notices[-1][1].text
    assert running.workspace.pane(TracePane).viewed is staged


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
    conductor = StagedConductor(phase=Phase.CONFIGURE)
    window = open_window(conductor, pick=True)
    window.picker.chosen.emit("EPOC")
    assert conductor.asked == ["prepare EPOC"]
    assert load_settings(tmp_path / "default.json")[0].stream == "EPOC"
    assert not window.picker.isVisible()


def test_what_cannot_be_opened_is_said_and_another_stream_can_be_chosen(open_window):
    conductor = StagedConductor(phase=Phase.CONFIGURE)
    window = open_window(conductor)
    conductor.now = Status(error=StreamError("expected the stream 'EPOC', found none"))
    window.tick()
    assert "expected the stream 'EPOC'" in window.notices.notices[-1][1].text
    assert window.picker.isVisible()


def test_a28_a_pane_that_cannot_be_made_is_told_of_once(open_window, staged, monkeypatch):
    def fail(self, viewed, theme):
        raise ValueError("no such thing")

    monkeypatch.setattr(PANES["NowPane"], "__init__", fail)
    conductor = StagedConductor(phase=Phase.CONFIGURE)
    window = open_window(conductor)
    conductor.now = Status(Phase.RUNNING, viewed=staged)
    for _ in range(3):
        window._frame()
    assert [notice.text.split(".")[0] for _, notice in window.notices.notices] == [
        "a frame failed: ValueError: no such thing"
    ]
    assert window.notices.count == 1


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
    again = open_window(StagedConductor(staged), kept, clock=lambda: staged.now)
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
    desktop = theme_of("system", QApplication.instance()).name
    assert names == [("light", "light"), ("system", desktop), ("dark", "dark")]


@pytest.mark.parametrize(("setting", "follows"), [("system", True), ("dark", False)])
def test_a22_the_window_follows_the_desktop_where_it_is_told_to(
    open_window, staged, monkeypatch, setting, follows
):
    window = open_window(StagedConductor(staged), Settings(theme=setting))
    monkeypatch.setattr("gui.style.theme_of", lambda setting, app: LIGHT)
    QApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert (window.theme is LIGHT) is follows
    assert (window.bar._theme is LIGHT) is follows


def test_a9_another_theme_leaves_the_bar_at_the_choice_of_a_stream(running, staged):
    running.conductor.now = Status(Phase.STOPPED, viewed=staged, summary={})
    running.tick()
    running.actions_by_id["new"].trigger()
    running.actions_by_id["theme"].trigger()
    assert "● Configure" in running.bar._phases.text()
    assert not running.actions_by_id["new"].isEnabled()


@pytest.mark.parametrize(("command", "start", "end"), [("larger", 18, 20), ("smaller", 10, 8)])
def test_a24_text_has_8_to_20_points(open_window, staged, command, start, end):
    window = open_window(StagedConductor(staged), Settings(font_points=start))
    for _ in range(4):
        window.actions_by_id[command].trigger()
    assert QApplication.font().pointSize() == window.settings.font_points == end


def test_a29_a_screenshot_has_the_state_beside_it(open_window, staged, tmp_path):
    staged.tell(folder=tmp_path)
    staged.stream(1.0)
    window = open_window(StagedConductor(staged), clock=lambda: staged.now)
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
    assert controls
    for control in controls:
        named = control.accessibleName() or getattr(control, "text", str)()
        assert named, f"{type(control).__name__} in {control.parent()} has no name"
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus, f"{named} cannot be reached by keys"


def test_a25_commands_of_the_table_are_actions_of_the_window(running):
    assert {command.id for command in TABLE} <= {action.objectName() for action in running.actions()}


def test_a3_a_hidden_window_paints_nothing(running, staged):
    frames(running, staged, 5)
    calls = []
    running.workspace.panes["TracePane"].refresh = calls.append
    running.hide()
    frames(running, staged, 30)
    assert calls == []
    running.show()
    frames(running, staged, 1)
    assert len(calls) == 1


def test_b13_events_are_averaged_while_nobody_looks(running, staged):
    assert not running.workspace.seen("ResponsePane")
    running.hide()
    for truth in range(60):  # 150 s: the first ones are not kept until somebody looks
        staged.stream(1.0)
        staged.decide(truth % 10)
        staged.stream(1.5)
        frames(running, staged, 1)
    running.show()
    running.arrange("Monitor")
    frames(running, staged, 120)
    assert "65 of 65 events averaged" in running.workspace.panes["ResponsePane"].words.text


def test_b8_a_click_on_the_timeline_shows_the_signals_of_that_event(running, staged):
    for truth in range(5):
        staged.stream(10.0)
        staged.decide(truth)
    signals = running.workspace.panes["TracePane"]
    running.workspace.panes["TimelinePane"].trial_chosen.emit(6)
    assert signals.paused
    onset = staged.snapshot().decided.onset[6]
    end = signals.playhead.end
    shown = staged.history.between(end - 1, end).times[0]
    assert shown == pytest.approx(onset + signals.view.seconds / 2, abs=0.05)


def test_b8_an_event_whose_signals_are_gone_is_said_to_be_so(running, staged):
    staged.stream(200.0)
    running.workspace.panes["TimelinePane"].trial_chosen.emit(0)
    assert "s ago; the last 120 s" in running.statusBar().currentMessage()
    assert not running.workspace.panes["TracePane"].paused
