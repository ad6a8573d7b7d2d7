import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.world.forward import dipole_potentials, electrode_positions


def test_a_dipole_at_the_centre_follows_the_cosine():
    angles = np.deg2rad([0, 30, 60, 90, 180])
    electrodes = np.stack([np.sin(angles), np.zeros(5), np.cos(angles)], axis=1)
    electrodes = np.vstack([electrodes, [0, 1, 0]])  # the reference lies where the potential is zero
    potentials = dipole_potentials(electrodes, np.zeros((1, 3)), np.array([[0, 0, 2.0]]))
    np.testing.assert_allclose(potentials[0], 2 * np.cos(angles), atol=1e-12)


def test_potentials_are_relative_to_the_reference():
    electrodes = np.random.default_rng(0).standard_normal((6, 3))
    potentials = dipole_potentials(electrodes[[0, 1, 2, 3, 5, 5]], np.zeros((1, 3)), np.ones((1, 3)))
    assert potentials[0, 4] == 0


def test_electrodes_lie_where_they_should():
    nose, left, back, vertex = electrode_positions("easycap-M1", ("Fpz", "T7", "Oz", "Cz"))
    assert nose[1] > 0.9
    assert left[0] < -0.9
    assert back[1] < -0.9
    assert vertex[2] > 0.99


@pytest.mark.parametrize("name", ["things", "things-hard"])
def test_components_are_strongest_at_the_back_of_the_head(preset, name):
    world = preset(name)
    size = dict(zip(world.spec.channels, np.sqrt((world.forward.topographies**2).mean(0)), strict=True))
    back = [size[label] for label in size if label.startswith(("O", "PO", "P"))]
    rest = [size[label] for label in size if not label.startswith(("O", "P", "TP", "CP"))]
    assert max(size, key=size.__getitem__) in {"O1", "Oz", "O2", "PO7", "PO8", "PO3", "PO4", "POz"}
    assert np.mean(back) > 3 * np.mean(rest)


@pytest.mark.parametrize("name", ["things", "acticham", "epoc", "muse"])
def test_responses_last_from_60_to_600_ms(preset, name):
    world = preset(name)
    times = np.arange(world.forward.n_lags) / world.spec.sfreq
    assert times[-1] < 0.6
    for courses in (world.forward.courses, world.forward.common):
        assert not courses[:, times < 0.06].any()
        assert np.abs(courses[:, -1]).max() < 0.02 * np.abs(courses).max()
    peaks = times[np.abs(world.forward.courses).argmax(1)]
    assert peaks.min() < 0.12
    assert peaks.max() > 0.35


def test_the_signal_to_noise_ratio_is_as_said(preset):
    world = preset("things")
    rng = np.random.default_rng(0)
    scales = np.sqrt(world.pictures.variances)
    concepts = (rng.standard_normal((4000, len(scales))) * scales) @ world.pictures.axes.T
    lags = np.arange(world.forward.n_lags) / world.spec.sfreq
    differing = (world.forward.responses(concepts) - world.forward.common)[:, :, lags >= 0.06]
    rms = np.sqrt((differing**2).mean())
    assert rms / world.spec.noise.background_uv == pytest.approx(world.spec.evoked.snr, rel=0.02)


@settings(deadline=None)
@given(a=st.floats(-3, 3), b=st.floats(-3, 3), seed=st.integers(0, 100))
def test_responses_are_linear_in_the_picture(make_tiny, a, b, seed):
    forward = make_tiny().forward
    p, q = np.random.default_rng(seed).standard_normal((2, 8))
    one, other, both = forward.responses(np.stack([p, q, a * p + b * q])) - forward.common
    np.testing.assert_allclose(both, a * one + b * other, atol=1e-9)
