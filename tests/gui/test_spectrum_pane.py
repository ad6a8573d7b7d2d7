from functools import partial

import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.spectrum import BANDS
from bci.types import SourceState
from gui.spectrum_pane import SpectrumPane


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, SpectrumPane)


def rhythm(session, frequency, seconds=8.0, amplitude=20.0, channel=None):
    """Stream a sine in all channels or in one, in a little noise."""
    stream = session.about.stream
    times = np.arange(round(seconds * stream.sfreq)) / stream.sfreq
    data = session.rng.normal(size=(len(times), len(stream.channels)))
    wave = amplitude * np.sin(2 * np.pi * frequency * times)
    if channel is None:
        data += wave[:, None]
    else:
        data[:, channel] += wave
    session.stream(0, data)


def peak(pane):
    frequencies, level = pane._curve.getData()
    return frequencies[level.argmax()]


@pytest.mark.parametrize("band", BANDS, ids=lambda band: band.name)
def test_a19_a_rhythm_is_a_peak_and_a_bar(staged, shown, band):
    frequency = (band.low + band.high) / 2
    rhythm(staged, frequency)
    pane = shown(staged)
    assert peak(pane) == frequency
    assert pane.powers[band] == pytest.approx(200, rel=0.05)
    assert f"{band.name} " in pane.bars.accessibleName()


def test_a19_one_channel_can_be_chosen(staged, shown):
    rhythm(staged, 10, channel=1)
    pane = shown(staged)
    together = pane.powers[BANDS[2]]
    pane.choice.setCurrentText("Oz")
    assert pane.powers[BANDS[2]] == pytest.approx(8 * together, rel=0.1)
    pane.choice.setCurrentText("Cz")
    assert pane.powers[BANDS[2]] < together / 10


@pytest.mark.parametrize("line", [50, 60])
def test_a19_line_noise_is_marked_and_told(staged, shown, line):
    rhythm(staged, line)
    words = shown(staged).words.text
    assert f"▲ {line} Hz line +" in words
    assert "dB re 1 µV²/Hz" in words


def test_a19_without_line_noise_there_is_no_warning(staged, shown):
    staged.stream(8)
    pane = shown(staged)
    assert "▲" not in pane.words.text
    assert [line.value() for line in pane._lines] == [50, 60]


def test_a19_gaps_are_left_out(staged, shown):
    rhythm(staged, 10, seconds=5)
    staged.stream(1, gap=100)
    pane = shown(staged)
    assert peak(pane) == 10
    assert "last 5.0 s" in pane.words.text


@pytest.mark.parametrize(
    ("stretches", "words"),
    [
        ([], "No samples yet. A spectrum needs 4 s"),
        ([1.5], "1.5 of the 4 s that a spectrum needs have come"),
        ([3, 2, 3], "Only 3.0 s of the last 8 s are without a gap"),
    ],
)
def test_a19_too_little_signal_is_said(staged, shown, stretches, words):
    for seconds in stretches:
        staged.stream(seconds, gap=10)
    assert words in shown(staged).sentence.text()


def test_a19_a_dead_channel_is_no_gap(staged, shown):
    data = staged.rng.normal(size=(2000, 8))
    data[:, 3] = np.nan
    staged.stream(0, data)
    assert "7 of 8 channels" in shown(staged).words.text


def test_a19_many_channels_are_thinned_out_and_it_says_so(shown):
    session = StagedSession(about(10, [f"E{i}" for i in range(256)], 1000.0))
    session.stream(8)
    pane = shown(session)
    assert "65 of 256 channels" in pane.words.text
    pane.choice.setCurrentIndex(256)
    assert "channels" not in pane.words.text


@pytest.mark.parametrize("state", [SourceState.STALLED, SourceState.LOST, SourceState.ENDED])
def test_a19_stale_samples_do_not_look_live(staged, shown, state):
    staged.stream(8)
    pane = shown(staged)
    live = pane._curve.opts["pen"].color().name()
    staged.state = state
    pane.refresh(staged.snapshot())
    assert f"◼ {state}" in pane.words.text
    assert pane._curve.opts["pen"].color().name() == pane.theme.lost != live


@pytest.mark.parametrize("sfreq", [1.0, 20.0, 64.0, 110.0, 128.0, 4096.0])
def test_a19_any_rate_has_a_spectrum(shown, sfreq):
    session = StagedSession(about(2, ("Oz", "Pz"), sfreq))
    session.stream(8)
    pane = shown(session)
    assert pane._pages.currentIndex() == 0
    assert np.isnan(pane.powers[BANDS[4]]) == (sfreq < 90)


@pytest.mark.parametrize("size", [(320, 200), (640, 400), (160, 100)])
def test_nothing_overlaps(staged, shown, size):
    staged.stream(8)
    pane = shown(staged, size=size)
    assert pane.bars.isVisible() == (size != (160, 100))
    if pane.bars.isVisible():
        assert pane.plot.geometry().bottom() < pane.bars.geometry().top()
    assert pane.choice.geometry().right() < pane.words.geometry().left()


def test_a24_the_size_of_the_font_is_followed(staged, shown):
    staged.stream(8)
    pane = shown(staged, size=(640, 400))
    before, font = pane.bars.height(), pane.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    pane.setFont(font)
    assert pane.bars.height() > 1.5 * before
    pane.resize(320, 200)
    assert not pane.bars.isVisible()
