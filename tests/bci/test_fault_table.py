"""What happens in labs, and what must come of it: sessions on virtual time, each with faults from its own seed.

All but liblsl and threads is what runs live; `tests/lsl/test_faults_lsl.py` plays some of them over real LSL.
"""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from faulty_sessions import (
    BEHIND,
    CONCEPTS,
    START,
    everything_is_accounted_for,
    labels_and_samples_are_right,
    live_through,
    samples_are_in_place,
    shown,
)

from bci.errors import StreamError
from bci.flow_watch import LOST_AFTER, STALLED_AFTER
from bci.specs import EventSpec
from bci.types import SourceState, Status
from replay.faults import FaultSpec, read_faults

RATES = (128.0, 250.0, 500.0)
SEEDS = 84
BLOCK = 21  # sessions a test
SECONDS = 20.0

FAULTS = {
    "nothing": "twin = false",
    "gaps of 0.1 s": "gaps.per_minute = 6; gaps.seconds = [0.1, 0.1]",
    "gaps of 0.5 s": "gaps.per_minute = 6; gaps.seconds = [0.5, 0.5]",
    "gaps of 2 s": "gaps.per_minute = 4; gaps.seconds = [2, 2]",
    "sender killed and restarted": "restarts.per_minute = 4; restarts.seconds = [1, 4]",
    "sender hung": "hangs.per_minute = 3; hangs.seconds = [3, 8]",
    "packets held up": "bursts.per_minute = 30; bursts.seconds = [0.05, 0.4]",
    "jitter of packets": "stamps.jitter = 0.02; stamps.drift_ppm = 100; chunk = [1, 256]",
    "jitter of samples": (
        'stamps.jitter = 0.02; stamps.jitter_of = "sample"; stamps.drift_ppm = -100; chunk = [1, 256]'
    ),
    "markers duplicated, late, early, jumbled, strays": (
        "markers.duplicated = 0.2; markers.late = 0.3; markers.early = 0.3; markers.lost = 0.1; "
        "markers.strays_per_minute = 6"
    ),
    "no numbers": 'not_numbers.per_minute = 10; not_numbers.labels = ["O1"]',
    "all at once": (
        "gaps.per_minute = 3; restarts.per_minute = 1; hangs.per_minute = 1; hangs.seconds = [3, 6]; "
        "bursts.per_minute = 10; stamps.jitter = 0.005; markers.late = 0.2; markers.early = 0.2; "
        "markers.duplicated = 0.1; markers.strays_per_minute = 2; chunk = [1, 64]"
    ),
}
"""Twelve kinds of session, 84 seeds each: 1,008 sessions."""

BLOCKS = [range(first, first + BLOCK) for first in range(0, SEEDS, BLOCK)]


@pytest.mark.parametrize("seeds", BLOCKS, ids=lambda seeds: f"seeds {seeds.start}-{seeds.stop - 1}")
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS.keys())
def test_whatever_happens(faults, seeds):
    """Every event has one decision, with the label that was shown, at its sample or flagged; states are true."""
    spec = read_faults(faults)
    for seed in seeds:
        out = live_through(shown(SECONDS, RATES[seed % 3], seed=seed), spec, seed)
        everything_is_accounted_for(out)
        labels_and_samples_are_right(out)
        samples_are_in_place(out, START, exact=not spec.stamps.jitter)
        states_are_shown_in_time(out)


def states_are_shown_in_time(out):
    """While nothing came for longer than allowed it is stalled, then lost; while samples come, it is not."""
    arrivals = np.array(out.arrivals)
    allowed = max(STALLED_AFTER, 3 * 256 / out.recording.sfreq)
    for when, state, reason, came in out.states:
        quiet = when - arrivals[max(0, np.searchsorted(arrivals, when, side="right") - 1)]
        if quiet > allowed + 0.2:
            assert state in (SourceState.STALLED, SourceState.LOST)
            assert reason.startswith("no sample for")
        if quiet > LOST_AFTER and quiet > allowed + 0.2:
            assert state is SourceState.LOST
        assert state.live or not came


# -------------------------------------------------------------------------------------------- one by one


def states_of(out):
    """The states that were shown, in order, without repeats."""
    return [state for (_, state, *_), nxt in pairwise([*out.states, (0, None, "", False)]) if nxt[1] is not state]


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_a_gap_is_counted_placed_and_timed(seconds):
    spec = FaultSpec.model_validate({"gaps": {"per_minute": 3, "seconds": [seconds, seconds]}})
    for seed in range(20):
        out = live_through(shown(SECONDS, 250.0, seed=seed), spec, seed)
        taken = np.concatenate([chunk.data[:, 0] for chunk in out.chunks]).astype(int)
        behind = [chunk for chunk in out.chunks if chunk.gap_before]
        steps = np.flatnonzero(np.diff(taken) > 1)
        assert [int(chunk.data[0, 0]) for chunk in behind] == taken[steps + 1].tolist()
        assert [chunk.gap_before for chunk in behind] == (np.diff(taken)[steps] - 1).tolist()
        for chunk in behind:
            assert chunk.times[0] - START == pytest.approx(chunk.data[0, 0] / 250, abs=1 / 250)


def test_after_a_restart_it_decodes_again_within_two_seconds_of_data():
    spec = read_faults("restarts.per_minute = 3; restarts.seconds = [1, 3]")
    resumed = 0
    for seed in range(40):
        out = live_through(shown(SECONDS, 250.0, seed=seed), spec, seed)
        for chunk in out.chunks:
            if chunk.gap_before < 250:
                continue
            back = float(chunk.times[0])
            shown_then = [START + sample / 250 for sample, _ in out.recording.markers]
            later = [onset for onset in shown_then if back + 0.02 <= onset <= back + 2.0 - BEHIND]
            decided = {round(d.onset, 3): d for d in out.decisions}
            for onset in later:
                if (decision := decided.get(round(onset, 3))) is not None and decision.status is not Status.GAP:
                    resumed += 1
                    assert decision.published <= back + 2.0
    assert resumed > 20


def test_a_sender_that_hung_loses_nothing_and_its_backlog_is_late():
    spec = read_faults("hangs.per_minute = 1.5; hangs.seconds = [3, 30]")
    late = 0
    for seed in range(40):
        out = live_through(shown(60.0, 128.0, seed=seed), spec, seed)
        taken = np.concatenate([chunk.data[:, 0] for chunk in out.chunks]).astype(int)
        np.testing.assert_array_equal(taken, np.arange(len(out.recording.data)))
        assert not any(chunk.gap_before for chunk in out.chunks)
        for epoch, decision in zip(out.epochs, out.decisions, strict=True):
            waited = epoch.stamps.arrived - (epoch.onset + 0.5)
            if waited > 1.0:
                assert decision.status is Status.LATE
                assert "the sender hung" in decision.reason
                late += 1
            elif waited < 0.4:
                assert decision.status is Status.OK
    assert late > 100


def test_stalled_is_shown_within_a_fifth_of_a_second():
    spec = read_faults("hangs.per_minute = 4; hangs.seconds = [7, 9]")
    out = live_through(shown(60.0, 250.0), spec, 2)
    arrivals = np.array(out.arrivals)
    before = int(np.diff(arrivals).argmax())
    stalled = next(
        when for when, state, *_ in out.states if when > arrivals[before] and state is SourceState.STALLED
    )
    lost = next(when for when, state, *_ in out.states if when > arrivals[before] and state is SourceState.LOST)
    assert STALLED_AFTER < stalled - arrivals[before] <= STALLED_AFTER + 0.2
    assert LOST_AFTER < lost - arrivals[before] <= LOST_AFTER + 0.2
    states = states_of(out)
    assert states[:4] == [SourceState.FLOWING, SourceState.STALLED, SourceState.LOST, SourceState.RECOVERED]


@pytest.mark.parametrize("seed", range(5))
def test_chunking_changes_nothing(seed):
    faults = 'gaps.per_minute = 4; stamps.jitter = 0.003; stamps.jitter_of = "sample"; chunk = {}'
    specs = [read_faults(faults.format([size, size])) for size in (1, 256)]
    outcomes = [live_through(shown(30.0, 250.0, seed=seed), spec, seed) for spec in specs]
    assert all(len(out.decisions) > 30 for out in outcomes)
    one, other = ([(d.onset, d.truth, d.status is Status.GAP) for d in out.decisions] for out in outcomes)
    assert sorted(one) == sorted(other)
    for a, b in zip(*(sorted(out.epochs, key=lambda e: e.onset) for out in outcomes), strict=True):
        assert (a.data is None) == (b.data is None)
        if a.data is not None:
            np.testing.assert_array_equal(a.data, b.data)


def test_a_marker_stream_that_dies_is_told_after_ten_seconds():
    out = live_through(shown(40.0, 250.0), read_faults("markers.die_after = 15"))
    told = [(when - START, reason) for when, state, reason, _ in out.states if state is SourceState.DEGRADED]
    assert 24.8 <= told[0][0] <= 25.3
    assert told[0][1] == "marker stream device-markers is gone for 10 s"
    assert out.states[-20][1] is SourceState.DEGRADED or out.states[-1][1] is not SourceState.FLOWING


def test_triggers_and_labels_are_paired_or_flagged_and_never_guessed():
    spec = read_faults(
        "markers.paired = true; markers.apart = 0.03; "
        "markers.lost_triggers = 0.1; markers.doubled_triggers = 0.1; markers.lost_labels = 0.1"
    )
    events = EventSpec(lock=(r"\d+",), time_from="device-triggers", label_from="device-markers", pair_within=0.05)
    alone = 0
    for seed in range(40):
        out = live_through(shown(30.0, 250.0, seed=seed), spec, seed, events=events)
        shown_at = dict(out.recording.markers)
        triggers = [marker for marker in out.heard if marker.source == "device-triggers"]
        assert len(out.decisions) == len(triggers)
        for decision in out.decisions:
            sample = round((decision.onset - START) * 250)
            near = next(at for at in (sample, sample - 1) if at in shown_at)
            if decision.truth is not None:
                assert CONCEPTS[decision.truth] == shown_at[near]
            else:
                alone += 1
                assert decision.reason
    assert alone > 40


def test_a_wrong_nominal_rate_is_refused_with_both_numbers():
    with pytest.raises(StreamError, match=r"expected 256 Hz.*sends 128"):
        live_through(shown(20.0, 128.0), read_faults("stamps.declared_rate = 256"))


def test_a_unit_that_changes_is_told():
    out = live_through(shown(20.0, 250.0), read_faults("channels.factor = 1e-6; channels.since = 8"))
    told = [(when - START, state) for when, state, reason, _ in out.states if "has the unit changed?" in reason]
    assert 8 < told[0][0] < 13
    assert {state for _, state in told} == {SourceState.DEGRADED}
    assert out.decisions[-1].source_state is SourceState.DEGRADED
    assert "has the unit changed?" in out.decisions[-1].source_reason


def test_values_that_are_no_numbers_break_the_windows_that_hold_them():
    out = live_through(
        shown(60.0, 250.0), read_faults('not_numbers.per_minute = 10; not_numbers.labels = ["O1"]'), seed=1
    )
    values = np.concatenate([chunk.data[:, 3] for chunk in out.chunks])
    bad = np.flatnonzero(np.isnan(values)) / 250 + START
    for decision in out.decisions:
        inside = ((bad >= decision.onset - 1e-6) & (bad < decision.onset + 0.5 - 1e-6)).any()
        assert (decision.status is Status.GAP) == inside


# ------------------------------------------------------------------------------------------ bad channels

BAD_SINCE = 8.0  # s


def with_bad_channel(fault, seed, labels='["O1"]', **options):
    spec = read_faults(f"channels.{fault} = {labels}; channels.since = {BAD_SINCE}")
    out = live_through(shown(SECONDS, RATES[seed % 3], seed=seed), spec, seed, **options)
    everything_is_accounted_for(out)
    labels_and_samples_are_right(out)
    return out


def degraded(out):
    """When it was shown that something is wrong, seconds after the fault, and what."""
    told = [(when - START - BAD_SINCE, why) for when, state, why, _ in out.states if state is SourceState.DEGRADED]
    return told[0][0], list(dict.fromkeys(why for _, why in told))


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [
        ("flat", (["O1 flat"], ["O1 saturated", "O1 flat"])),
        ("railed", (["O1 saturated", "O1 flat"],)),
        ("noisy", (["O1 line noise"],)),
    ],
)
def test_a_bad_channel_is_told_within_two_seconds_and_what_meets_it_is_flagged(fault, reasons):
    for seed in range(SEEDS // 3):
        out = with_bad_channel(fault, seed)
        after, told = degraded(out)
        assert 0 < after <= 2.0
        assert told in reasons
        for decision in out.decisions:
            since = decision.onset - START - BAD_SINCE
            if since + 0.5 <= -1.0:
                assert decision.status is Status.OK
            if since >= 2.0 - 0.5:
                assert (decision.status, decision.source_state) == (Status.ARTIFACT, SourceState.DEGRADED)
                assert decision.reason in told
                assert decision.ranking is not None
                assert decision.mask == ()


@pytest.mark.parametrize("fault", ["flat", "railed", "noisy"])
def test_a_bad_channel_is_made_up_from_the_others_if_that_is_asked_for(fault):
    for seed in range(SEEDS // 3):
        out = with_bad_channel(fault, seed, policy="make-up")
        after, told = degraded(out)
        assert 0 < after <= 2.0
        assert all(why.startswith("made up from the others: O1 ") for why in told)
        for epoch, decision in zip(out.epochs, out.decisions, strict=True):
            if decision.onset - START - BAD_SINCE < 2.0:
                continue
            assert (decision.status, decision.mask) == (Status.OK, ("O1",))
            np.testing.assert_allclose(epoch.data[3], epoch.data[:3].mean(axis=0), rtol=1e-5, atol=1e-3)
        assert any(decision.mask for decision in out.decisions)


def test_too_many_bad_channels_cannot_be_made_up_and_are_flagged():
    for seed in range(6):
        out = with_bad_channel("noisy", seed, '["C4", "O1"]', policy="make-up")
        assert degraded(out)[1] == ["C4 line noise, O1 line noise"]
        later = [d for d in out.decisions if d.onset - START - BAD_SINCE >= 1.5]
        assert {(d.status, d.mask) for d in later} == {(Status.ARTIFACT, ())}


def test_nobody_looks_where_bad_channels_are_to_be_ignored():
    out = with_bad_channel("noisy", 0, policy="ignore")
    assert {decision.status for decision in out.decisions} == {Status.OK}
    assert SourceState.DEGRADED not in states_of(out)


# ----------------------------------------------------------------------------------------- a slow decoder


@pytest.mark.parametrize("interval", [0.2, 0.7])
def test_a_decoder_ten_times_too_slow_is_late_within_bounds_and_what_it_drops_is_counted(interval):
    labour = 10 * interval
    for seed in range(SEEDS // 3):
        out = live_through(shown(60.0, 128.0, interval, seed), labour=labour)
        everything_is_accounted_for(out)
        labels_and_samples_are_right(out)
        counts = Counter(decision.status for decision in out.decisions)
        assert set(counts) == {Status.LATE, Status.DROPPED}
        assert counts[Status.DROPPED] > 0.6 * counts.total()
        decoded = [d for d in out.decisions if d.status is Status.LATE]
        # eight may wait, for events at most one and a half intervals apart; then comes its own turn
        bound, last = 9 * 1.5 * interval + labour, out.decisions[-1].onset
        assert all(labour <= d.latency <= bound for d in decoded if d.published - labour <= last)
        assert all(d.latency <= bound + 8 * labour for d in decoded)  # those of the end are worked off
        onsets = [d.onset for d in decoded]
        assert onsets == sorted(onsets)


def test_a_backlog_that_the_decoder_can_work_off_loses_nothing():
    spec = read_faults("hangs.per_minute = 2; hangs.seconds = [10, 20]")
    late = 0
    for seed in range(10):
        out = live_through(shown(60.0, 128.0, seed=seed), spec, seed, labour=0.02)
        everything_is_accounted_for(out)
        assert Status.DROPPED not in {decision.status for decision in out.decisions}
        late += sum(decision.status is Status.LATE for decision in out.decisions)
    assert late > 50
