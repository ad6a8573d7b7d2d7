"""The response panel's core: averages of known truth, latencies of planted responses, false alarms.

All sessions here are simulated; `tests/real/test_response_real.py` has real ones.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bci.errors import MismatchError
from bci.evoked import TIMES
from bci.montage import posterior
from bci.response import CLASSES, Response
from bci.response_verdict import ENOUGH, Kind
from bci.types import Channel
from replay.world import load_world

EPOC = ("AF3", "F7", "F3", "FC5", "T7", "P7", "O1", "O2", "P8", "T8", "FC6", "F4", "F8", "AF4")
BACK = ("O1", "O2", "P7", "P8")
RATE = 100.0


def channels(labels):
    return tuple(Channel(label) for label in labels)


def response(labels=BACK, sfreq=RATE, concepts=("house", "face")):
    return Response(channels(labels), sfreq, concepts)


def lags(averager):
    first, n = averager.block(0)
    return (first + np.arange(n)) / averager.sfreq


def bump(times, latency, width):
    return np.exp(-0.5 * ((times - latency) / width) ** 2)


def visual(times, late=0.0):
    """P1, N1 and P2 of a strong response, microvolts; the onset of P1, two widths before its peak, is at 80 ms."""
    times = times - late
    return 3 * bump(times, 0.11, 0.015) - 4 * bump(times, 0.17, 0.02) + 3 * bump(times, 0.24, 0.035)


def background(rng, n, n_channels, alpha):
    """Return 10 uV of 1/f noise, most of it shared, and an alpha rhythm in phase over all channels."""
    frequencies = np.fft.rfftfreq(n, 1 / RATE)
    pink = np.maximum(frequencies, 0.1) ** -0.6
    pink[0] = 0
    peak = np.exp(-0.5 * ((frequencies - rng.uniform(8.5, 11.5)) / 0.5) ** 2)

    def shaped(spectrum, columns):
        phases = rng.standard_normal((2, len(frequencies), columns))
        samples = np.fft.irfft((phases[0] + 1j * phases[1]) * spectrum[:, None], n, axis=0)
        return samples / samples.std(axis=0)

    own, shared = shaped(pink, n_channels), shaped(pink, 1)
    return 6 * own + 8 * shared + alpha * shaped(peak, 1)


def session(seed, intervals, n_events, *, late=None, alpha=8.0, height=1.0):
    """Yield (averager, number of events) after each event; without `late` nothing answers the events."""
    rng = np.random.default_rng(seed)
    onsets = np.round((1 + np.cumsum(rng.uniform(*intervals, n_events))) * RATE).astype(int)
    samples = background(rng, onsets[-1] + 2 * round(RATE), len(BACK), alpha)
    averager = response()
    if late is not None:
        course = height * visual(np.arange(-20, 80) / RATE, late)
        for onset in onsets:
            samples[onset - 20 : onset + 80] += course[:, None]
    for number, onset in enumerate(onsets, start=1):
        first, n = averager.block(int(onset))
        averager.add(samples[first : first + n], onset / RATE, number % 2)
        yield averager, number


def verdict_of(*args, **kwargs):
    *_, (averager, _) = session(*args, **kwargs)
    return averager.view().verdict


def events(seed, n, averager, scale=5.0):
    return scale * np.random.default_rng(seed).standard_normal((n, *window_shape(averager)))


def window_shape(averager):
    return averager.block(0)[1], averager.n_channels


def feed(averager, windows, onsets=None, truths=None):
    for i, window in enumerate(windows):
        averager.add(window, float(2 * i if onsets is None else onsets[i]), None if truths is None else truths[i])
    return averager.view()


# ---------------------------------------------------------------------------------------------------- electrodes


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (EPOC, ("P7", "O1", "O2", "P8")),
        (("TP9", "AF7", "AF8", "TP10"), ("TP9", "TP10")),
        (("EEG O1-Ref", "Oz.", "POz", "po7", "T5", "T6", "TPP9h", "POO9h"), None),
        (("Fp1", "FP2", "FPz", "CP1", "CPz", "FT9", "C3", "O2-A1", "T7", "P", "PPG"), ()),
    ],
)
def test_posterior_electrodes_are_found_by_label(labels, found):
    assert tuple(labels[i] for i in posterior(labels)) == (labels if found is None else found)


def test_without_posterior_electrodes_all_eeg_is_averaged():
    mixed = (Channel("Fp1"), Channel("O1", "aux"), Channel("Cz"))
    assert Response(mixed, RATE, ()).electrodes == ("Fp1", "Cz")


def test_without_eeg_there_is_nothing_to_average():
    with pytest.raises(MismatchError, match="EEG"):
        Response((Channel("Right AUX", "aux"),), RATE, ())


# ------------------------------------------------------------------------------------------------------ averages


@given(st.floats(100, 10_000))
@hypothesis_settings(max_examples=30)
def test_a_known_response_is_averaged_as_it_is_at_any_rate(sfreq):
    averager = response(sfreq=sfreq)
    course = 10 * bump(lags(averager), 0.2, 0.03)
    view = feed(averager, np.tile(course[None, :, None], (2, 1, 4)))
    blurred = np.hypot(0.03, 0.01)  # a Gaussian of 30 ms through one of 10 ms
    np.testing.assert_allclose(view.mean[0], 10 * 0.03 / blurred * bump(TIMES, 0.2, blurred), atol=0.05)
    np.testing.assert_allclose(view.error[0], 0, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.permutations(range(8)))
def test_the_order_of_events_does_not_matter(seed, order):
    windows, truths = events(seed, 8, response()), np.arange(8) % 2
    view = feed(response(), windows, truths=truths)
    other = feed(response(), windows[order], truths=truths[order])
    for name in ("mean", "error", "gfp", "counts"):
        np.testing.assert_allclose(getattr(other, name), getattr(view, name), atol=1e-9)


@given(st.integers(0, 2**32 - 1), st.lists(st.floats(-1e5, 1e5), min_size=4, max_size=4))
def test_offsets_of_channels_change_nothing(seed, offsets):
    windows = events(seed, 6, response())
    view, other = feed(response(), windows), feed(response(), windows + np.array(offsets))
    for name in ("mean", "error", "gfp"):
        np.testing.assert_allclose(getattr(other, name), getattr(view, name), atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1))
def test_averages_follow_the_scale_and_the_verdict_does_not(seed, factor):
    averager = response()
    windows = events(seed, ENOUGH, averager) + visual(lags(averager))[:, None]
    view, other = feed(averager, windows), feed(response(), factor * windows)
    for name in ("mean", "error", "gfp"):
        np.testing.assert_allclose(getattr(other, name), factor * getattr(view, name), rtol=1e-6, atol=1e-9)
    assert other.verdict.e_value == pytest.approx(view.verdict.e_value, rel=1e-3)
    assert (other.verdict.kind, other.verdict.onset) == (view.verdict.kind, view.verdict.onset)


def test_the_standard_error_is_that_of_independent_events():
    """Many averages of 25 events each scatter as much as each says of itself."""
    views = [feed(response(), events(seed, 25, response())) for seed in range(200)]
    scatter = np.std([view.mean[0] for view in views], axis=0)
    said = np.sqrt(np.mean([view.error[0] ** 2 for view in views], axis=0))
    outside = (TIMES < -0.15) | (TIMES > 0.05)  # near the baseline both are small
    np.testing.assert_allclose(said[outside] / scatter[outside], 1, atol=0.2)


def test_events_that_share_their_noise_count_once():
    windows = events(0, 30, response())
    view = feed(response(), windows)
    doubled = feed(response(), np.repeat(windows, 2, axis=0), np.repeat(2.0 * np.arange(30), 2) + [0, 0.2] * 30)
    np.testing.assert_allclose(doubled.mean[0], view.mean[0], atol=1e-9)
    np.testing.assert_allclose(doubled.error[0], view.error[0], atol=1e-9)


def test_the_field_power_is_the_spread_over_all_eeg():
    averager = response(("O1", "O2", "Fz", "Cz"))
    course = bump(lags(averager), 0.2, 0.05)
    view = feed(averager, [course[:, None] * [6, 6, -6, -6]] * 3)
    np.testing.assert_allclose(view.gfp, np.abs(view.mean[0]), atol=1e-9)


def test_each_class_has_an_average_of_its_own():
    averager = response(concepts=("house", "face", "cat"))
    course = bump(lags(averager), 0.2, 0.05)[:, None] * np.ones(4)
    view = feed(averager, [course, course, -2 * course, 3 * course], truths=[0, 0, 1, None])
    assert view.labels == ("all events", "house", "face", "cat")
    assert view.counts.tolist() == [4, 2, 1, 0]
    np.testing.assert_allclose(view.mean[2], -2 * view.mean[1])
    np.testing.assert_allclose(view.mean[0], 0.75 * view.mean[1])
    assert np.isnan(view.mean[3]).all()
    assert np.isnan(view.error[2:]).all()


def test_of_many_concepts_only_all_events_are_averaged():
    averager = response(concepts=[str(i) for i in range(CLASSES + 1)])
    view = feed(averager, events(0, 3, averager), truths=[10, 4, None])
    assert (view.labels, view.counts.tolist(), view.mean.shape) == (("all events",), [3], (1, len(TIMES)))


def test_nothing_of_a_view_can_be_changed():
    view = feed(response(), events(0, 3, response()))
    for array in (view.times, view.counts, view.mean, view.error, view.gfp):
        assert not array.flags.writeable


# ----------------------------------------------------------------------------------------------------- artefacts


def test_a_blink_is_left_out_of_its_channel_alone():
    averager, other = response(("Fp1", *BACK)), response(("Fp1", *BACK))
    windows = events(0, 10, averager)
    view = feed(averager, windows)
    windows[3:, :, 0] += 200 * bump(lags(other), 0.3, 0.1)
    blinked = feed(other, windows)
    assert (blinked.used, blinked.rejected) == (10, 0)
    np.testing.assert_array_equal(blinked.mean, view.mean)
    assert blinked.gfp.max() < 3 * view.gfp.max()


def test_an_event_is_rejected_if_most_posterior_channels_are_artefacts():
    averager = response()
    windows = events(0, 4, averager)
    windows[1, :, :3] += 200 * bump(lags(averager), 0.3, 0.1)[:, None]
    windows[2, 50, 0] = np.nan
    view = feed(averager, windows)
    assert (view.events, view.used, view.rejected) == (4, 3, 1)
    assert np.isfinite(view.mean[0]).all()


def test_a_session_of_artefacts_says_so():
    averager = response()
    windows = 200 * bump(lags(averager), 0.3, 0.1)[None, :, None] * np.ones((50, 1, 4))
    view = feed(averager, windows)
    assert view.verdict.kind is Kind.FEW
    assert "50 rejected" in view.verdict.text
    assert np.isnan(view.gfp).all()


def test_a_flat_cap_is_no_response():
    verdict = feed(response(), np.zeros((ENOUGH, *window_shape(response())))).verdict
    assert verdict.kind is Kind.NONE
    assert "no signal at O1, O2, P7, P8" in verdict.text


def test_a_window_of_another_shape_is_refused():
    with pytest.raises(MismatchError, match="shape"):
        response().add(np.zeros((10, 4)), 0.0, None)


# ------------------------------------------------------------------------------------------------------- verdict


def test_nothing_is_said_of_few_events():
    kinds = [averager.view().verdict.kind for averager, _ in session(0, (0.8, 1.2), ENOUGH, late=0.0, height=4)]
    assert kinds == [Kind.FEW] * (ENOUGH - 1) + [Kind.FOUND]


@pytest.mark.parametrize("seed", range(10))
def test_one_deflection_is_found_where_it_is(seed):
    averager = response()
    course = 6 * bump(lags(averager), 0.12, 0.02)
    view = feed(averager, events(seed, 100, averager) + course[:, None])
    assert view.verdict.kind is Kind.FOUND
    assert view.verdict.peak == pytest.approx(0.12, abs=0.01)
    assert view.verdict.onset == pytest.approx(0.12 - 2 * 0.02, abs=0.02)  # where it has risen by a seventh


@pytest.mark.parametrize(
    ("late", "kind"),
    [(0.0, Kind.FOUND), (0.1, Kind.LATE), (0.2, Kind.LATE), (-0.1, Kind.EARLY), (-0.2, Kind.EARLY)],
)
def test_a_shift_is_told(late, kind):
    verdicts = [verdict_of(seed, (0.8, 1.2), 150, late=late, alpha=4.0) for seed in range(20)]
    assert sum(verdict.kind is kind for verdict in verdicts) >= 18
    onsets = [verdict.onset for verdict in verdicts if verdict.onset is not None]
    assert np.median(onsets) == pytest.approx(0.08 + late, abs=0.02)
    offsets = [verdict.offset for verdict in verdicts if verdict.offset is not None]
    assert np.median(offsets) == pytest.approx(late, abs=0.03) if late else len(offsets) <= 2


def test_what_is_said_names_the_offset_and_the_side():
    late = verdict_of(0, (0.8, 1.2), 150, late=0.1, alpha=4.0)
    assert late.text.startswith("response too late: begins at 1")
    assert late.text.endswith(f"check trigger offset, markers come about {1e3 * late.offset:.0f} ms early")
    assert verdict_of(0, (0.8, 1.2), 150, late=-0.1, alpha=4.0).text.endswith("ms late")
    none = verdict_of(0, (0.8, 1.2), 60)
    assert none.text.startswith("visual response not yet found in 60 events, SNR ")
    assert none.text.endswith("if none comes by 200, check trigger offset, cap, filter")
    many = verdict_of(0, (0.8, 1.2), 200)
    assert many.kind is Kind.NONE
    assert many.text.endswith("check trigger offset, cap, filter")


def test_regular_events_that_overlap_hide_the_latency():
    verdict = verdict_of(0, (0.2, 0.2), 200, late=0.1)
    assert verdict.kind is Kind.RHYTHMIC
    assert "every 200 ms" in verdict.text
    assert (verdict.onset, verdict.offset) == (None, None)


def test_noise_alone_has_a_snr_of_one():
    assert np.mean([verdict_of(seed, (0.8, 1.2), 100).snr for seed in range(20)]) == pytest.approx(1, abs=0.15)


def false_alarms(n_sessions, intervals, alpha):
    """Return in how many sessions without any response one is ever found, watched after every event."""
    found = 0
    for seed in range(n_sessions):
        *_, (averager, _) = session(seed, intervals, 80, alpha=alpha)  # what was found stands
        found += averager.view().verdict.kind not in (Kind.FEW, Kind.NONE)
    return found


def test_at_most_one_session_in_twenty_without_a_response_ever_finds_one():
    assert false_alarms(1000, (0.5, 0.7), 8.0) <= 50


@pytest.mark.slow
@pytest.mark.parametrize("intervals", [(0.2, 0.2), (0.1, 0.3), (0.5, 0.5), (1.0, 1.0)])
@pytest.mark.parametrize("alpha", [0.0, 20.0])
def test_neither_regular_events_nor_alpha_make_false_alarms(intervals, alpha):
    assert false_alarms(1000, intervals, alpha) <= 50


# ----------------------------------------------------------------------------------------------- synthetic world


def world_verdict(name, shift):
    recording, _ = load_world(name).record("test", 300)
    averager = Response(recording.channels, recording.sfreq, ())
    for sample, _ in recording.markers:
        at = sample + round(shift * recording.sfreq)
        first, n = averager.block(at)
        averager.add(recording.data[first : first + n], at / recording.sfreq, None)
    return averager.view().verdict


@pytest.mark.parametrize(("shift", "kind"), [(0, Kind.FOUND), (0.1, Kind.EARLY), (-0.1, Kind.LATE)])
def test_shifted_markers_are_told_in_the_synthetic_world(shift, kind):
    assert world_verdict("epoc", shift).kind is kind


def test_in_fast_presentation_a_response_is_found_and_its_latency_left_open():
    assert world_verdict("things", 0).kind is Kind.RHYTHMIC
