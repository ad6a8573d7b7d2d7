import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QPainter, QWheelEvent
from PyQt6.QtWidgets import QAbstractButton, QApplication
from staged_session import StagedSession, about

from bci.clock import VirtualClock
from bci.display_filter import DisplaySpec
from bci.errors import MismatchError
from bci.types import Channel, SourceState, Status, StreamSpec
from gui.channel_list import Choice
from gui.hit_marks import Mark
from gui.theme import DARK, LIGHT
from gui.trace_canvas import TraceCanvas
from gui.trace_pane import TracePane


class Staged:
    """A session, its pane and their clock."""

    def __init__(self, qtbot, session, theme=DARK, size=(800, 400)):
        self.session, self.clock = session, VirtualClock(session.now)
        self.pane = TracePane(session, theme, self.clock)
        qtbot.addWidget(self.pane)
        self.pane.resize(*size)
        self.pane.show()
        QApplication.processEvents()
        self.refresh()
        QApplication.processEvents()

    @property
    def canvas(self):
        return self.pane.canvas

    @property
    def playhead(self):
        return self.pane.playhead

    @property
    def units(self):
        """From lane to lane, for each kind of channel."""
        return self.pane.rows.scalings.units

    def do(self, command):
        self.pane.tools.buttons[command].trigger()

    def stream(self, seconds=1.0, **given):
        self.session.stream(seconds, **given)
        self.clock.now = max(self.clock.now, self.session.now)
        self.refresh()

    def refresh(self):
        self.pane.refresh(self.session.snapshot())

    def pixels(self):
        """Colours of the traces on the screen, (height, width)."""
        image = self.canvas.grab().toImage()
        return np.array([[image.pixel(x, y) for x in range(image.width())] for y in range(image.height())])

    def drawn(self, role="trace"):
        return self.pixels() == QColor(getattr(self.pane.theme, role)).rgb()


@pytest.fixture
def shown(qtbot, staged):
    return Staged(qtbot, staged)


def one_channel(sfreq=250.0, **facts):
    return StagedSession(about(channels=("Cz",), sfreq=sfreq, **facts))


# ------------------------------------------------------------------------------------------------------- painting


def test_a15_a_spike_of_one_sample_is_seen_on_the_screen(qtbot):
    shown = Staged(qtbot, one_channel(1000.0))
    shown.pane.set_scale(100.0)
    data = np.zeros((8000, 1))
    data[4321] = 40.0
    for start in range(0, 8000, 17):
        shown.stream(data=data[start : start + 17])
    drawn = shown.drawn()
    width, height = shown.canvas.pixels
    x = 4321 * width // 10_000
    spike = np.flatnonzero(drawn[:, x])
    assert spike.min() == pytest.approx(height / 2 - 0.4 * height, abs=1)
    assert np.flatnonzero(drawn[: round(height * 0.3)].any(axis=0)).tolist() in ([x], [x, x + 1])


def test_a13_a_ramp_has_the_height_that_the_scale_says(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.pane.set_scale(200.0)
    shown.do("centre")  # offsets stay
    shown.stream(data=np.linspace(-50, 50, 1000)[:, None])
    drawn = shown.drawn()
    width, height = shown.canvas.pixels
    for x, value in ((1, -50.0), (width * 1000 // 2500 - 2, 50.0)):
        rows = np.flatnonzero(drawn[:, x])
        assert rows.mean() == pytest.approx(height / 2 - value / 200.0 * height, abs=2)


def test_a16_new_columns_alone_are_painted(shown, monkeypatch):
    shown.stream(2.0)
    painted = []
    original = TraceCanvas._part
    monkeypatch.setattr(TraceCanvas, "_part", lambda self, painter, columns, centre: (
        painted.append(len(columns)), original(self, painter, columns, centre)))  # fmt: skip
    monkeypatch.setattr(TraceCanvas, "paint_all", lambda self: pytest.fail("everything was painted anew"))
    for _ in range(30):
        shown.stream(4 / 250)
    assert max(painted) <= 3


def test_a1_a_frame_draws_all_channels_with_one_call(shown, monkeypatch):
    shown.stream(2.0)
    calls = []
    original = QPainter.drawLines
    monkeypatch.setattr(
        QPainter, "drawLines", lambda self, lines: (calls.append(len(lines)), original(self, lines))
    )
    shown.stream(4 / 250)
    assert len(calls) == 1
    assert calls[0] % 8 == 0


def test_a3_what_is_hidden_draws_nothing_and_catches_up_at_once(shown, monkeypatch):
    shown.stream(2.0)
    shown.pane.hide()
    began = shown.canvas.sweep.end
    shown.stream(3.0)
    shown.stream(30.0)
    assert shown.canvas.sweep.end == began
    shown.pane.show()
    shown.refresh()
    assert shown.canvas.sweep.end == shown.session.history.end


def test_a18_an_incremental_picture_is_the_same_as_one_painted_at_once(qtbot, theme):
    shown = Staged(qtbot, one_channel(100.0), theme)
    shown.pane.set_scale(50.0)
    shown.do("centre")
    data = np.random.default_rng(3).normal(size=(1530, 1)) * 15
    data[700:760] = np.nan
    for start in range(0, 1530, 7):
        shown.stream(data=data[start : start + 7])
        if start == 1190:
            shown.session.decide(truth=1, best=1)
    piecewise = shown.pixels()
    shown.canvas.paint_all()
    np.testing.assert_array_equal(shown.pixels(), piecewise)


def test_a1_a_kind_without_a_signal_does_not_repaint_everything(qtbot, monkeypatch):
    shown = Staged(qtbot, mixed())
    data = np.random.default_rng(0).normal(size=(1250, 3)) * (20, 20, 0)
    shown.stream(data=data[:1000])
    monkeypatch.setattr(TraceCanvas, "paint_all", lambda self: pytest.fail("everything was painted anew"))
    for start in range(1000, 1250, 5):
        shown.stream(data=data[start : start + 5])
    assert shown.canvas.sweep.end == 1250


@pytest.mark.parametrize(
    ("sfreq", "n_channels", "seconds"), [(1.0, 1, 40), (7.0, 3, 30), (10_000.0, 2, 12), (250.0, 256, 12)]
)
def test_a18_any_rate_and_any_number_of_channels_is_drawn(qtbot, sfreq, n_channels, seconds):
    shown = Staged(qtbot, StagedSession(about(channels=tuple(f"C{i}" for i in range(n_channels)), sfreq=sfreq)))
    for _ in range(seconds):
        shown.stream(1.0)
    drawn = shown.drawn()
    assert drawn.any(axis=0).mean() > 0.5


def test_a16_both_modes_show_the_same_samples(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.pane.set_scale(100.0)
    shown.stream(15.0)
    sweeping = np.sort(shown.drawn().sum(axis=0))
    shown.do("scroll_mode")
    shown.refresh()
    assert shown.canvas.rolling
    newest = shown.drawn()[:, -1]
    assert newest.any()
    assert np.sort(shown.drawn().sum(axis=0))[len(sweeping) // 2] == pytest.approx(
        sweeping[len(sweeping) // 2], abs=2
    )
    shown.stream(0.1)
    assert shown.drawn()[:, -1].any()


@pytest.mark.parametrize("seconds", [1.0, 5.0, 60.0])
def test_a16_the_window_is_1_to_60_seconds(shown, seconds):
    shown.stream(70.0)
    shown.pane.set_window(seconds)
    shown.refresh()
    sweep = shown.canvas.sweep
    assert sweep.n_samples == seconds * 250
    assert sweep.end == shown.session.history.end
    assert len(sweep.columns) >= sweep.width - 3  # a sample every three columns where there are few
    assert f"{seconds:g} s" in shown.pane.status


def test_a16_windows_beyond_are_brought_back(shown):
    shown.pane.set_window(0.01)
    assert shown.pane.view.seconds == 1.0
    shown.pane.set_window(1e4)
    assert shown.pane.view.seconds == 60.0
    shown.do("longer_window")
    assert shown.pane.view.seconds == 60.0
    shown.do("shorter_window")
    assert shown.pane.view.seconds == 30.0


def test_a24_another_size_is_painted_anew(shown):
    shown.stream(12.0)
    shown.pane.resize(500, 300)
    QApplication.processEvents()
    shown.refresh()
    assert shown.canvas.sweep.width == shown.canvas.pixels[0]
    assert shown.drawn().any(axis=0).mean() > 0.9


# ------------------------------------------------------------------------------------------------- pause and past


def test_a16_a_pause_keeps_the_picture_and_all_channels(shown):
    shown.stream(3.0)
    shown.pane.choose(Choice(hidden=frozenset({"Oz"})))
    shown.playhead.hold()
    QApplication.processEvents()  # the time bar takes its room
    shown.refresh()
    before = shown.pixels()
    held = shown.canvas.sweep.high.copy()
    for _ in range(5):
        shown.stream(1.0)
    assert "paused · 5.0 s behind" in shown.pane.banner.text()
    shown.pane.banner.hide()
    np.testing.assert_array_equal(shown.pixels(), before)
    shown.do("show_all")
    np.testing.assert_array_equal(shown.canvas.sweep.high, held)
    assert np.isfinite(shown.canvas.sweep.high[:, 1]).any()
    assert len(shown.canvas.lanes.channels) == 8
    shown.playhead.let_go()
    shown.refresh()
    assert shown.canvas.sweep.end == shown.session.history.end
    assert not shown.pane.banner.isVisible()


def test_a16_the_past_can_be_seen_while_samples_come(qtbot):
    shown = Staged(qtbot, one_channel())
    times = np.arange(100 * 250) / 250
    marked = np.where((times > 30) & (times < 31), 80.0, 0.0)
    for start in range(0, len(marked), 250):
        shown.stream(data=marked[start : start + 250, None])
    shown.pane.scroll_to(65.0)  # 25 to 35 s after the start
    shown.refresh()
    sweep = shown.canvas.sweep
    assert (sweep.first, sweep.end) == (25 * 250, 35 * 250)
    assert (sweep.high > 40).any()
    shown.stream(3.0)
    assert (shown.canvas.sweep.first, shown.canvas.sweep.end) == (25 * 250, 35 * 250)
    shown.playhead.forth()
    shown.refresh()
    assert shown.canvas.sweep.end == 40 * 250
    shown.playhead.let_go()
    shown.refresh()
    assert shown.canvas.sweep.end == shown.session.history.end
    assert not shown.canvas.rolling


def test_a16_decisions_of_the_past_are_found_again(qtbot):
    shown = Staged(qtbot, one_channel())
    for step in range(100):
        shown.stream(1.0)
        for _ in range(2):
            shown.session.decide(truth=step % 10, best=step % 10)
    shown.pane.scroll_to(70.0)
    shown.refresh()
    placed = [mark for _, mark in shown.pane.marks.placed]
    assert len(placed) >= 8
    assert all(mark.outcome is Mark.BEST for mark in placed)
    assert placed[0].text.startswith("thing-")


def test_a16_the_time_bar_moves_the_picture(shown):
    shown.stream(60.0)
    shown.playhead.hold()
    shown.pane.bar.setValue(shown.pane.bar.maximum() - 20 * 250)
    shown.refresh()
    assert shown.canvas.sweep.end == (60 - 20) * 250


@pytest.mark.parametrize("seconds", [2.0, 20.0])
def test_a16_the_time_bar_reaches_all_that_is_kept_for_any_window(shown, seconds):
    shown.stream(60.0)
    shown.playhead.hold()
    shown.pane.set_window(seconds)
    shown.refresh()
    shown.pane.bar.setValue(shown.pane.bar.minimum())
    shown.refresh()
    assert (shown.canvas.sweep.first, shown.canvas.sweep.end) == (0, seconds * 250)


def test_a16_a_pause_before_the_first_sample_claims_no_loss(shown):
    shown.playhead.hold()
    shown.stream(2.0)
    assert shown.pane.banner.text() == "paused · 2.0 s behind"


def test_a16_a_past_that_is_gone_is_said_to_be_so(shown):
    shown.stream(60.0)
    shown.pane.scroll_to(40.0)
    shown.stream(130.0)
    shown.pane.set_window(5.0)
    shown.refresh()
    assert shown.pane.banner.text() == "paused · 2 min 50 s behind\nthese samples are no longer kept"


# ------------------------------------------------------------------------------------------- events and decisions


def test_a17_decisions_stand_at_the_sample_of_their_onset(shown):
    shown.stream(5.0)
    start = shown.session.now - 5.0
    for onset, truth, best in ((1.0, 3, 3), (2.5, 4, 0)):
        shown.session.decide(truth=truth, best=best, onset=start + onset)
    shown.refresh()
    width, _ = shown.canvas.pixels
    (first_x, first), (second_x, second) = shown.pane.marks.placed
    assert first_x == pytest.approx(1.0 / 10 * width, abs=2)
    assert second_x == pytest.approx(2.5 / 10 * width, abs=2)
    assert (first.text, second.text) == ("thing-3", "thing-4")
    assert first.outcome is Mark.BEST
    assert second.outcome in (Mark.FIVE, Mark.MISS)


def test_a17_the_epoch_is_shaded_after_its_samples_were_painted(shown):
    shown.stream(5.0)
    before = shown.pixels()
    shown.session.decide(truth=1, best=1, onset=shown.session.now - 3.0)
    shown.refresh()
    changed = (shown.pixels() != before).all(axis=0)
    width, _ = shown.canvas.pixels
    columns = np.flatnonzero(changed)
    assert columns.min() == pytest.approx(0.2 * width, abs=2)
    assert columns.max() == pytest.approx(0.3 * width, abs=2)
    assert len(columns) == pytest.approx(0.1 * width, abs=3)


def test_a17_overlapping_epochs_are_shaded_once(shown):
    shown.stream(5.0)
    ground = shown.pixels()[0, 5]
    for back in (3.0, 2.6, 2.2):
        shown.session.decide(truth=1, best=1, onset=shown.session.now - back)
        shown.refresh()
    width, _ = shown.canvas.pixels
    assert {shown.pixels()[0, round(width * at)] for at in (0.21, 0.26, 0.3)} != {ground}
    assert len({shown.pixels()[0, round(width * at)] for at in (0.21, 0.26)}) == 1


def test_a17_no_more_than_50_marks_are_kept(shown):
    shown.stream(20.0)
    for _ in range(120):
        shown.stream(0.1)
        shown.session.decide(truth=1, best=1)
        shown.refresh()
    assert len(shown.canvas.marks) == 50
    assert len(shown.pane.marks.placed) <= 50


@pytest.mark.parametrize(
    ("status", "best"), [(Status.GAP, None), (Status.DROPPED, None), (Status.ARTIFACT, 1), (Status.LATE, 1)]
)
def test_a17_what_is_in_doubt_says_so_in_a_word(shown, status, best):
    shown.stream(5.0)
    shown.session.decide(truth=1, best=best, status=status)
    shown.refresh()
    ((_, mark),) = shown.pane.marks.placed
    assert mark.doubtful
    assert mark.text == f"thing-1 · {status}"
    assert (mark.outcome is None) == (best is None)


def test_a17_a_participant_sees_neither_names_nor_outcomes(qtbot, theme):
    shown = Staged(qtbot, StagedSession(about(hide_truth=True)), theme)
    shown.stream(5.0)
    shown.session.decide(truth=1, best=1)
    shown.session.decide(truth=2, best=0, status=Status.LATE)
    shown.refresh()
    assert {(mark.text, mark.outcome) for _, mark in shown.pane.marks.placed} == {("", None), ("late", None)}


def test_a17_names_are_drawn_where_there_is_room(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.stream(5.0)
    before = shown.pane.marks.grab().toImage()
    shown.session.decide(truth=1, best=1, onset=shown.session.now - 3)
    shown.refresh()
    assert shown.pane.marks.grab().toImage() != before


# ------------------------------------------------------------------------------------------------ what is wrong


def test_a8_a_gap_is_hatched_and_named(shown):
    shown.stream(2.0)
    shown.stream(2.0, gap=250)
    ((x, mark),) = [pair for pair in shown.pane.marks.placed if pair[1].text == "gap"]
    width, _ = shown.canvas.pixels
    assert x == pytest.approx(0.2 * width, abs=2)
    assert mark.sample == 500
    hatched = shown.drawn("lost")
    inside = slice(round(0.21 * width), round(0.29 * width))
    assert hatched[:, inside].any(axis=0).mean() > 0.8
    assert not shown.drawn()[:, inside].any()
    assert not hatched[:, round(0.35 * width) : round(0.45 * width)].any()


@pytest.mark.parametrize("state", [SourceState.STALLED, SourceState.LOST, SourceState.ENDED])
def test_a7_stale_data_never_looks_live(shown, state):
    shown.stream(3.0)
    assert shown.drawn().any()
    assert not shown.pane.banner.isVisible()
    shown.session.state = state
    shown.clock.advance(3.2)
    shown.refresh()
    assert shown.pane.banner.isVisible()
    assert shown.pane.banner.text() == f"{state} · last sample 3.2 s ago"
    assert not shown.drawn().any()
    assert shown.drawn("lost").any()
    shown.session.state = SourceState.RECOVERED
    shown.stream(0.5)
    assert not shown.pane.banner.isVisible()
    assert shown.drawn().any()


def test_a7_silence_is_told_even_if_the_source_says_that_it_flows(shown):
    shown.stream(3.0)
    shown.clock.advance(75.0)
    shown.refresh()
    assert shown.pane.banner.text() == "stalled · last sample 1 min 15 s ago"


def test_a7_the_age_counts_what_passed_while_the_pane_was_hidden(shown):
    shown.stream(3.0)
    shown.pane.hide()
    shown.stream(2.0)
    shown.session.state = SourceState.LOST
    shown.clock.advance(20.0)
    shown.pane.show()
    shown.refresh()
    assert shown.pane.banner.text() == "lost · last sample 20.0 s ago"


def test_a7_before_the_first_sample_it_says_so(qtbot, staged, theme):
    shown = Staged(qtbot, staged, theme)
    staged.state = SourceState.CONNECTED
    shown.refresh()
    assert shown.pane.banner.text() == "connected: no sample yet"


def test_a21_clipping_is_drawn_in_the_trace_named_and_counted(qtbot):
    shown = Staged(qtbot, StagedSession(about(channels=("Cz", "Pz"))))
    times = np.arange(2000) / 250
    data = np.random.default_rng(0).normal(size=(2000, 2)) * 2
    data[:, 0] = np.clip(data[:, 0] + 200 * np.sin(2 * np.pi * 1.3 * times), -150, 150)
    assert "clipped" not in shown.pane.status
    for start in range(0, 2000, 50):
        shown.stream(data=data[start : start + 50])
    assert shown.drawn("warning").any()
    assert [(row.label, row.word) for row in shown.pane.gutter.rows] == [("Cz", "clip"), ("Pz", "")]
    count = int(shown.pane.status.split(" · ")[-1].split()[0])
    assert 19 <= count <= 21  # two tops in each of 10.4 periods
    shown.pane.set_window(5.0)
    shown.refresh()
    assert f"{count} clipped tops" in shown.pane.status


# --------------------------------------------------------------------------------------------- scale and channels


def test_a13_scales_step_by_1_2_5(shown):
    shown.pane.set_scale(100.0)
    steps = []
    for change in ("larger", "larger", "smaller", "smaller", "smaller"):
        shown.do(f"{change}_traces")
        steps.append(shown.units[0])
    assert steps == pytest.approx([50, 20, 50, 100, 200])


def mixed():
    channels = (Channel("Cz"), Channel("Pz"), Channel("acc", "aux", "g"))
    stream = StreamSpec("staged", "EEG", "staged-1", 250.0, channels, "average")
    return StagedSession(about(channels=("Cz", "Pz"), stream=stream))


def test_a13_each_kind_fits_its_own_range_and_has_its_own_unit(qtbot):
    shown = Staged(qtbot, mixed())
    data = np.random.default_rng(0).normal(size=(1000, 3)) * (20, 20, 0.01)
    shown.stream(data=data)
    of_eeg, of_aux = shown.units
    assert 50 <= of_eeg <= 200
    assert 0.02 <= of_aux <= 0.1
    eeg, aux = shown.pane.scales.scales
    assert (eeg.unit, aux.unit) == ("µV", "g")


def test_a13_the_scale_bar_is_as_long_as_what_it_says(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.pane.set_scale(100.0)
    (scale,) = shown.pane.scales.scales
    value, length = shown.pane.scales.bar(scale)
    assert length == pytest.approx(value / 100.0 * shown.canvas.height(), rel=1e-3)
    assert f"{value:g} µV" in shown.pane.scales.toolTip()


def test_a13_the_wheel_scales_the_kind_under_the_mouse(qtbot):
    shown = Staged(qtbot, mixed())
    shown.pane.set_scale(100.0)
    at = QPointF(50, shown.canvas.height() - 5)  # the accelerometer's lane
    for turned in (120, 120, *[-15] * 8):  # the last notch in eight parts
        delta, none = QPoint(0, turned), Qt.MouseButton.NoButton
        phase, keys = Qt.ScrollPhase.NoScrollPhase, Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(at, at, QPoint(), delta, none, keys, phase, False)  # noqa: FBT003 (Qt's signature)
        QApplication.sendEvent(shown.canvas, event)
    assert shown.units.tolist() == pytest.approx([100, 50])


def test_a13_polarity_can_be_inverted(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.pane.set_scale(100.0)
    shown.do("centre")
    shown.stream(data=np.full((1000, 1), 30.0))
    upright = np.flatnonzero(shown.drawn()[:, 20]).mean()
    shown.do("invert")
    inverted = np.flatnonzero(shown.drawn()[:, 20]).mean()
    middle = shown.canvas.pixels[1] / 2
    assert upright < middle < inverted
    assert upright + inverted == pytest.approx(2 * middle, abs=2)


def test_a13_offsets_of_millivolts_are_removed(qtbot):
    shown = Staged(qtbot, one_channel())
    shown.pane.set_scale(100.0)
    shown.stream(data=np.full((1000, 1), 30_000.0))
    assert np.flatnonzero(shown.drawn()[:, 20]).mean() == pytest.approx(shown.canvas.pixels[1] / 2, abs=2)


def test_a14_the_display_filter_is_labelled_beside_the_decoders(shown):
    shown.pane.set_filter(DisplaySpec(1.0, 40.0, 50.0, "average"))
    shown.stream(3.0)
    assert "display: 1-40 Hz, 50 Hz notch, average reference" in shown.pane.caption.text
    assert "decoder: 0.5-40 Hz, causal" in shown.pane.caption.text.replace(" · ", " ")


def test_a12_what_the_decoder_does_without_is_named_beside_its_filters(shown):
    shown.session.mask = ("Oz", "Cz")
    shown.stream(1.0)
    assert "without Oz, Cz" in shown.pane.caption.text


def test_a14_the_display_filter_changes_what_is_shown_and_nothing_else(qtbot):
    shown = Staged(qtbot, one_channel())
    times = np.arange(2500) / 250
    line = 40 * np.sin(2 * np.pi * 50 * times)
    shown.stream(data=line[:, None])
    assert np.nanmax(shown.canvas.sweep.high) > 35
    shown.pane.set_filter(DisplaySpec(notch=50.0))
    shown.refresh()
    assert np.nanmax(shown.canvas.sweep.high[-400:]) < 15
    np.testing.assert_allclose(shown.session.history.since(0).data[:, 0], line, rtol=1e-5, atol=1e-4)


def test_a14_a_filter_that_does_not_fit_is_refused_and_leaves_the_old_one(qtbot):
    shown = Staged(qtbot, one_channel(80.0))
    with pytest.raises(MismatchError, match="a filter at 40 Hz needs a stream above 80 Hz"):
        shown.pane.set_filter(DisplaySpec(lowpass=40.0))
    assert shown.pane.view.filters == DisplaySpec()
    offered = {action.text() for action, fields in shown.pane.tools.filters if "lowpass" in fields}
    assert offered == {"none", "15 Hz", "30 Hz"}


def test_a14_the_menus_choose_filters_and_seconds(shown):
    chosen = ({"highpass": 0.5}, {"reference": "channel", "channel": "Oz"}, {"reference": "median", "channel": ""})
    for fields in chosen:
        (action,) = [action for action, sets in shown.pane.tools.filters if sets == fields]
        action.trigger()
        assert action.isChecked()
    assert shown.pane.view.filters == DisplaySpec(highpass=0.5, reference="median")
    shown.pane.tools.windows[20.0].trigger()
    assert shown.pane.view.seconds == 20.0
    assert [seconds for seconds, action in shown.pane.tools.windows.items() if action.isChecked()] == [20.0]


def test_a12_a_click_on_a_label_marks_it_bad_for_display_alone(shown, qtbot):
    shown.stream(2.0)
    heard = []
    shown.pane.bad_marked.connect(lambda label, bad: heard.append((label, bad)))
    lane = shown.pane.gutter.height() / 8
    for _ in range(2):
        qtbot.mouseClick(shown.pane.gutter, Qt.MouseButton.LeftButton, pos=QPoint(5, round(1.5 * lane)))
        shown.refresh()
        words = [(row.label, row.word) for row in shown.pane.gutter.rows if row.word]
        assert words == ([("Oz", "bad")] if len(heard) == 1 else [])
        assert shown.drawn("lost").any() == (len(heard) == 1)
    assert heard == [("Oz", True), ("Oz", False)]


def test_a12_bad_channels_leave_the_displays_average(shown):
    data = np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32)
    data[:, 1] += 500 * np.sin(np.arange(1000) / 20)
    shown.pane.set_filter(DisplaySpec(reference="average"))
    shown.stream(data=data)
    assert np.nanmax(np.abs(shown.canvas.sweep.high[:, 0])) > 30
    shown.pane.toggle_bad("Oz")
    shown.refresh()
    assert np.nanmax(np.abs(shown.canvas.sweep.high[:, 0])) < 10


def test_a14_a_mark_does_not_disturb_the_filters(qtbot):
    data = np.random.default_rng(0).normal(size=(2000, 8)) * 10 + 1000
    columns = []
    for marked in (False, True):
        shown = Staged(qtbot, StagedSession())
        shown.pane.set_filter(DisplaySpec(highpass=0.5))
        shown.stream(data=data[:1000])
        if marked:
            shown.pane.toggle_bad("Oz")
        shown.stream(data=data[1000:])
        columns.append(shown.canvas.sweep.high)
    np.testing.assert_array_equal(*columns)


def test_a12_hidden_channels_give_their_room_to_the_others(shown):
    shown.stream(2.0)
    shown.pane.choose(Choice(solo=frozenset({"Cz"})))
    assert [row.label for row in shown.pane.gutter.rows] == ["Cz"]
    assert "1 of 8 channels" in shown.pane.status
    shown.pane.choose(Choice(hidden=frozenset(shown.session.about.stream.labels)))
    shown.refresh()
    assert "no channel is shown" in shown.pane.banner.text()


def test_a15_the_status_says_how_many_samples_a_pixel_stands_for(shown):
    shown.stream(1.0)
    width, _ = shown.canvas.pixels
    assert f"{2500 / width:.3g} samples a pixel, smallest to largest" in shown.pane.status
    shown.pane.set_window(1.0)
    shown.refresh()
    assert "lines from sample to sample" in shown.pane.status


# -------------------------------------------------------------------------------------------- looks and controls


def test_a22_another_theme_repaints_everything(shown):
    shown.stream(3.0)
    shown.pane.set_theme(LIGHT)
    assert shown.pane.theme is LIGHT
    assert shown.drawn().any()
    assert (shown.pixels() == QColor(LIGHT.panel).rgb()).mean() > 0.5


@pytest.mark.parametrize("size", [(320, 200), (640, 400), (1280, 720)])
@pytest.mark.parametrize("n_channels", [1, 63, 256])
def test_a24_labels_never_overlap(qtbot, size, n_channels, monkeypatch):
    shown = Staged(qtbot, StagedSession(about(channels=tuple(f"Ch{i}" for i in range(n_channels)))), size=size)
    shown.stream(1.0)
    areas = []
    monkeypatch.setattr(type(shown.pane.gutter), "_write", lambda self, painter, area, row: areas.append(area))
    shown.pane.gutter.grab()
    assert areas
    assert all(shown.pane.gutter.rect().contains(area) for area in areas)
    assert not any(one.intersects(other) for i, one in enumerate(areas) for other in areas[:i])
    assert shown.pane.gutter.width() < 0.5 * size[0]


def test_a25_everything_is_a_command_with_shortcut_and_tip(shown):
    commands = shown.pane.commands()
    assert len({command[0] for command in commands}) == len(commands)
    assert len({command[2] for command in commands}) == len(commands)
    for _, text, shortcut, tip, call in commands:
        assert text
        assert shortcut
        assert tip.endswith(".")
        assert callable(call)


def test_a25_every_command_can_be_called(shown):
    shown.stream(3.0)
    for name, *_, call in shown.pane.commands():
        call()
        if name == "channels":
            shown.pane._popup.close()
        shown.refresh()
    assert shown.drawn().any()


def test_a25_all_controls_have_names_and_can_be_reached_by_keyboard(shown):
    for button in shown.pane.tools.findChildren(QAbstractButton):
        assert button.accessibleName() or button.text(), button.objectName()
        if button.objectName() != "qt_toolbar_ext_button":
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.text()
    for part in (
        shown.canvas,
        shown.pane.gutter,
        shown.pane.marks,
        shown.pane.scales,
        shown.pane.bar,
        shown.pane.tools,
    ):
        assert part.accessibleName()


def test_a25_the_buttons_show_what_is_chosen(shown):
    shown.pane.set_window(20.0)
    shown.do("scroll_mode")
    assert any(button.text() == "20 s" for button in shown.pane.tools.findChildren(QAbstractButton))
    assert shown.pane.tools.buttons["scroll_mode"].isChecked()
    assert not shown.pane.tools.buttons["live"].isEnabled()
    shown.playhead.hold()
    assert shown.pane.tools.buttons["pause"].isChecked()
    shown.pane.tools.buttons["live"].trigger()
    assert not shown.pane.paused
