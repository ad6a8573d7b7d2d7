"""Heard from their device, people are calibrated and decoded as from their file: same samples, same decisions."""

from dataclasses import replace

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.clock import VirtualClock
from bci.errors import ConfigError
from bci.gathering import Gathering
from bci.offline import decode_all
from bci.parity import compare
from bci.types import Decision, Ranking, SourceState, Status
from models.calibration.applied import apply
from models.calibration.calibrate import Labels, calibrate
from models.calibration.streamed import Streamed, as_told, decide_all, heard, ranks_of
from models.epocher import make_epocher
from models.runtime import load_decoder

EPOC = Streamed(device="emotivpro")
PAIRED = Streamed(
    device="acticham",
    events={
        "lock": ["[0-9]+"],
        "time_from": "actiCHamp-00000/Markers",
        "label_from": "actiCHamp-00000-markers",
    },
)
PERSON = 9


@pytest.fixture(params=["emotivpro", "acticham"])
def person(request, small_epoc, small_sampled):
    """A bundle with its world, and by which device people of it are heard."""
    return (small_epoc, EPOC) if request.param == "emotivpro" else (small_sampled, PAIRED)


def gathered(source):
    gathering = Gathering(source.spec, 1e6)
    while (batch := source.pull(0.0)) is not None:
        gathering.feed(batch)
    return gathering.recording()


def from_file(recording, bundle, bank):
    clock = VirtualClock()
    source, decoder = ArraySource(recording, clock=clock), load_decoder(bundle, bank)
    return decode_all(source, make_epocher(bundle, decoder, source.spec, clock), decoder, clock)


def test_what_is_heard_is_what_was_recorded(person):
    small, streamed = person
    recording = small.record(PERSON, 60)
    found = gathered(heard(recording, streamed, VirtualClock()))
    np.testing.assert_array_equal(found.data, recording.data[:, : len(small.bundle.channels)])
    events = as_told(small.bundle, streamed).events
    onsets = [sample for sample, _ in recording.markers]
    by_trigger = [
        sample
        for (sample, _), source in zip(found.markers, found.sources, strict=True)
        if source == (events.time_from or "EmotivDataStream-EEG-markers")
    ]
    assert [sample for sample in by_trigger if sample in onsets] == onsets


def test_calibrated_and_decoded_as_from_the_file(person):
    small, streamed = person
    bundle, bank = small.bundle, small.bundle.bank
    told = as_told(bundle, streamed)
    recording, test = small.record(PERSON, 240), small.record(PERSON, 120, seed=2, split="test")
    labels = Labels(bank, "classical", force=True)
    read = calibrate(recording, bundle, labels)
    listened = calibrate(gathered(heard(recording, streamed, VirtualClock())), told, labels)
    assert listened.events == read.events == 240
    np.testing.assert_array_equal(listened.matrix, read.matrix)
    assert listened.check == read.check
    accuracy = []
    for live, file in ((told, bundle), (apply(told, read), apply(bundle, read))):
        decisions = decide_all(test, streamed, live, bank)
        offline = from_file(test, file, bank)
        assert [decision.status for decision in decisions] == [Status.OK] * 120
        assert [decision.truth for decision in decisions] == [decision.truth for decision in offline]
        parity = compare(decisions, offline)
        assert (parity.compared, parity.same_ranking) == (120, 120)
        assert parity.max_abs_score_diff <= 1e-5
        accuracy.append(np.mean(ranks_of(decisions, len(bank.names)) == 0))
    assert accuracy[0] < accuracy[1]


def test_labels_that_the_trigger_words_do_not_name_come_from_the_program(small_sampled):
    told = as_told(small_sampled.bundle, PAIRED)
    recording = small_sampled.record(PERSON, 60)
    silent = replace(recording, markers=recording.markers[:30])
    decisions = decide_all(silent, PAIRED, told, small_sampled.bundle.bank)
    assert [decision.truth is None for decision in decisions] == [False] * 30 + [True] * 30
    assert len(ranks_of(decisions, 4)) == 30


def test_a_missing_ranking_is_a_miss():
    ranking = Ranking(np.array([2, 0]), np.zeros(2), np.zeros(2), np.zeros(1), 1, 4)
    decided = Decision(0, None, 0.0, 0, None, Status.OK, "", ranking, {}, 0.0, SourceState.FLOWING)
    lost = replace(decided, status=Status.GAP, ranking=None)
    unlabelled = replace(decided, truth=None)
    assert ranks_of([decided, lost, unlabelled], 4).tolist() == [1, 4]


def test_devices_that_nobody_speaks_are_refused(small):
    with pytest.raises(ConfigError, match="expected a device of generic, emotivpro"):
        heard(small.record(PERSON, 40), Streamed(device="kazoo"), VirtualClock())
