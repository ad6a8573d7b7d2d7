from functools import partial

import numpy as np
import pytest
from staged_session import StagedSession, about

from bci.spectrum import BANDS
from bci.types import SourceState
from gui.theme import DARK, LIGHT
from gui.topomap_pane import SIZE, TopomapPane
from replay.electrodes import flat_positions

ALPHA = 1 + [band.name for band in BANDS].index("alpha")


def placed(channels=("O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"), sfreq=250.0):
    session = StagedSession(about(10, channels, sfreq))
    session.tell(positions=flat_positions(channels))
    return session


def loud(session, channel, seconds=2.0):
    """Stream alpha of 50 microvolts in one channel, a little noise in all."""
    stream = session.about.stream
    times = np.arange(round(seconds * stream.sfreq)) / stream.sfreq
    data = session.rng.normal(size=(len(times), len(stream.channels)))
    data[:, channel] += 50 * np.sin(2 * np.pi * 10 * times)
    session.stream(0, data)


@pytest.fixture
def shown(show_pane):
    return partial(show_pane, TopomapPane)


def brightest(pane):
    """Cell of the map with the highest value, to the right and to the front, radii of the head."""
    cells = (pane._shown.matrix @ pane.values.astype(np.float32)).reshape(SIZE, SIZE)
    row, column = np.unravel_index(cells.argmax(), cells.shape)
    return ((np.array([column, SIZE - 1 - row]) + 0.5) / SIZE * 2 - 1) * pane._radius


@pytest.mark.parametrize(("channel", "right", "front"), [("Cz", 0, 0), ("Oz", 0, -0.9), ("F3", -0.4, 0.6)])
def test_a19_power_is_drawn_where_its_electrode_is(shown, channel, right, front):
    labels = ("Fp1", "Fp2", "F3", "F4", "C3", "Cz", "C4", "P3", "P4", "O1", "Oz", "O2")
    session = placed(labels)
    loud(session, labels.index(channel))
    pane = shown(session)
    assert brightest(pane) == pytest.approx([right, front], abs=0.2)
    assert not pane._image.isNull()


def test_a19_level_has_a_unit(shown):
    session = placed()
    loud(session, 1)
    pane = shown(session)
    assert pane.values.max() == pytest.approx(50 / np.sqrt(2), rel=0.02)
    assert "RMS, µV" in pane.words.text
    pane.choice.setCurrentIndex(ALPHA)
    assert pane.values.max() == pytest.approx(10 * np.log10(1250), abs=0.2)
    assert "power, dB re 1 µV²" in pane.words.text


def test_a19_electrodes_tell_their_value_in_a_tooltip(shown):
    session = placed()
    loud(session, 1)
    pane = shown(session)
    told = [text for _, text in pane.map._tips]
    assert any(text.startswith("Oz: 35.") and text.endswith("µV") for text in told)


def test_a19_channels_without_a_place_are_listed(shown):
    session = placed(("O1", "Oz", "O2", "P7", "AUX7", "Cz"))
    loud(session, 1)
    pane = shown(session)
    assert "no place: AUX7" in pane.words.text
    assert len(pane.values) == 5


def test_a19_flat_and_silent_channels_are_left_out(shown):
    session = placed()
    data = session.rng.normal(size=(500, 8))
    data[:, 2], data[:, 3] = 7, np.nan
    session.stream(0, data)
    pane = shown(session)
    assert "flat: O2" in pane.words.text
    assert len(pane.values) == 6
    assert np.isfinite(pane.values).all()


@pytest.mark.parametrize("channels", [("O1", "O2", "Cz"), ("Fpz", "Fz", "Cz", "Pz", "Oz")])
def test_a19_too_few_or_one_line_of_electrodes_are_dots_alone(shown, channels):
    session = placed(channels)
    session.tell(positions=flat_positions(channels) * [1 if len(channels) == 3 else 0, 1])
    session.stream(2)
    pane = shown(session)
    assert pane._image.isNull()
    assert "▲ no map" in pane.words.text
    assert len(pane.map._tips) >= len(channels)


@pytest.mark.parametrize("positions", [None, np.full((8, 2), np.nan, np.float32)])
def test_a19_unknown_places_are_said(staged, shown, positions):
    staged.tell(positions=positions)
    staged.stream(2)
    said = shown(staged).sentence.text()
    assert "None of the channels has a known place on the head: O1, Oz, O2" in said
    assert "10-05 system" in said


def test_a19_positions_may_come_later(staged, shown):
    staged.stream(2)
    pane = shown(staged)
    staged.tell(positions=flat_positions(staged.about.stream.labels))
    staged.stream(1)
    pane.refresh(staged.snapshot())
    assert not pane._image.isNull()


def test_a19_the_matrix_is_computed_once(shown):
    session = placed()
    session.stream(2)
    pane = shown(session)
    matrix = pane._shown.matrix
    for _ in range(3):
        session.stream(0.2)
        pane.refresh(session.snapshot())
    assert pane._shown.matrix is matrix


def test_a19_too_little_signal_is_said(shown):
    session = placed()
    assert "0.0 s without a gap so far" in shown(session).sentence.text()
    session.stream(0.5)
    assert "0.5 s without a gap so far. A map needs 1 s" in shown(session).sentence.text()


def test_a19_a_band_beyond_half_the_rate_is_said(shown):
    session = placed(sfreq=64.0)
    session.stream(2)
    pane = shown(session)
    assert "nothing can be seen of RMS 1-45 Hz" in pane.sentence.text()
    pane.choice.setCurrentIndex(ALPHA)
    assert not pane._image.isNull()


def test_a19_stale_samples_do_not_look_live(shown):
    session = placed()
    session.stream(2)
    pane = shown(session)
    session.state = SourceState.LOST
    pane.refresh(session.snapshot())
    assert "◼ lost" in pane.words.text
    assert not pane._live


def test_256_channels_and_both_themes(shown):
    labels = tuple(f"E{i}" for i in range(256))
    session = StagedSession(about(10, labels))
    rng = np.random.default_rng(0)
    session.tell(positions=rng.uniform(-0.7, 0.7, (256, 2)).astype(np.float32))
    session.stream(2)
    pane = shown(session)
    for theme in (DARK, LIGHT):
        pane.set_theme(theme)
        pane.grab()
    assert len(pane.values) == 256
