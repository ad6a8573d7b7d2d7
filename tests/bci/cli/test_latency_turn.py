"""What is put together after a turn, and which windows a stream has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bci.cli.latency_turn import SKIPPED, Decided, Load, _summed_up, percentiles, windows
from bci.epochs import Epocher
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Batch, Channel, Marker, SampleChunk, SourceState, StreamSpec
from replay.metronome import Beats

RATE = 100.0
SPEC = PreprocessSpec(channels=("Cz",), sfreq=RATE, tmax=0.2)
STAGES = {"decode": 0.001}


@st.composite
def loads(draw):
    factor = draw(st.integers(1, 5))
    sfreq = 50.0
    tmin = draw(st.sampled_from([-0.1, 0.0, 0.1]))
    spec = PreprocessSpec(
        mode=draw(st.sampled_from(["continuous", "epoch"])),
        channels=("Cz", "Oz"),
        sfreq=sfreq,
        lowpass=20.0,
        tmin=tmin,
        tmax=tmin + draw(st.sampled_from([0.1, 0.3])),
        baseline=draw(st.sampled_from([None, (-0.2, 0.0)])),
    )
    step = draw(st.none() | st.integers(3, 40))
    return Load(spec, factor * sfreq, 2.0, draw(st.integers(7, 80)), step=step)


def cut(load):
    """Feed an epocher a sample at a time; return onset -> the sample at which each epoch came out."""
    stream = StreamSpec("s", "EEG", "", load.sfreq, tuple(map(Channel, load.preprocess.channels)), "average")
    sliding = load.step is not None
    events = EventSpec(mode="sliding", step=load.step / load.sfreq) if sliding else EventSpec()
    epocher = Epocher(stream, load.preprocess, events, QualitySpec(), ("a",), lambda: 0.0)
    found = {}
    for i in range(int(load.seconds * load.sfreq)):
        time = i / load.sfreq
        triggers = (Marker(time, f"m{i}", arrived=time),) if i and i % load.interval == 0 and not sliding else ()
        data = np.full((1, len(stream.channels)), i, np.float32)
        chunk = SampleChunk(data, np.array([time]), time, i)
        for epoch in epocher.feed(Batch(chunk, triggers, SourceState.FLOWING)):
            if epoch.data is not None:
                found[round(epoch.onset * load.sfreq)] = i
    return found


@given(loads())
def test_windows_are_those_that_an_epocher_cuts_and_end_with_the_sample_that_it_waits_for(load):
    assert windows(load) == cut(load)


def turn(decided, heard, n_times=800, interval=20):
    load = Load(SPEC, RATE, n_times / RATE, interval)
    times = 100.0 + np.arange(n_times) / RATE
    return _summed_up(decided, Beats(100.0, RATE, times + 0.002), heard, load)


def onsets(load):
    return {100.0 + onset / RATE: last for onset, last in windows(load).items()}


def test_every_decision_is_measured_from_the_push_of_the_last_sample():
    told = dict.fromkeys(onsets(Load(SPEC, RATE, 8.0, 20)), (0.003, STAGES))
    heard = [(onset, onset + 0.19 + 0.01) for onset in told]  # 20 samples: the last comes 0.19 s after the onset
    measured = turn(Decided(0.5, [], told, np.ones(3)), heard)
    assert (measured.lost, measured.unheard) == (0, 0)
    assert measured.outside == pytest.approx([0.008] * len(measured.at))
    assert measured.inside.tolist() == [0.003] * len(measured.at)
    assert measured.stages["decode"].tolist() == [0.001] * len(measured.at)
    assert measured.late == pytest.approx([0.002] * 300)
    assert measured.at[0] + 0.19 >= SKIPPED > measured.at[0] - 0.01


def test_what_is_not_decoded_is_lost_and_what_is_not_heard_is_told_apart():
    told = dict.fromkeys(list(onsets(Load(SPEC, RATE, 8.0, 20)))[:-1], (0.003, STAGES))  # the last was not decoded
    heard = [(onset, onset + 0.2) for onset in list(told)[:-2]]
    measured = turn(Decided(0.5, [], told, np.ones(3)), heard)
    assert (measured.lost, measured.unheard) == (1, 2)
    assert len(measured.inside) == len(measured.outside) == len(measured.at)


def test_a_peer_says_itself_when_it_was_done():
    measured = turn(Decided(0.5, [(10, 100.2), (600, 106.012)], {}, np.zeros(0)), None)
    assert measured.outside == pytest.approx([0.01])


def test_percentiles_are_in_milliseconds():
    assert percentiles(np.arange(101) / 1e3) == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
