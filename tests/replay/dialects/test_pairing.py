"""Two sources tell of one event: the trigger of eight bits the time, the program's string the label."""

import numpy as np
import pytest
from heard_speech import T0, hear
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.clock import VirtualClock
from bci.epochs import Epocher
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, Recording
from replay.dialects.acticham import CHUNK, acticham
from replay.dialects.speech import Device

RATE = 500.0
NAMES = ("apple", "banana", "cherry")
AMP = "actiCHamp-7"
EVENTS = EventSpec(time_from=f"{AMP}/Markers", label_from=f"{AMP}-markers", pair_within=0.1)
PREPROCESS = PreprocessSpec(channels=("Cz",), sfreq=RATE, tmax=0.2)
SPACING = 200  # samples between events


def decided(triggers, labels, n_times=None):
    """Epochs of events told by `triggers` (sample, word) and `labels` (sample, name)."""
    n_times = n_times or max(sample for sample, _ in [*triggers, *labels]) + SPACING
    data = np.random.default_rng(0).normal(0, 10, (n_times, 1)).astype(np.float32)
    markers = sorted((sample, str(value)) for sample, value in [*triggers, *labels])
    recording = Recording(data, RATE, ((0, 0.0),), tuple(markers), (Channel("Cz"),))
    heard = hear(acticham(recording, Device(AMP, "id-7", delay=0.05)), delay=0.05 - CHUNK / RATE)
    epocher = Epocher(heard.spec, PREPROCESS, EVENTS, QualitySpec(), NAMES, VirtualClock(T0))
    return [epoch for batch in heard.batches for epoch in epocher.feed(batch)], epocher


def whole(n):
    triggers = [(SPACING * (i + 1), 1 + i % 255) for i in range(n)]
    return triggers, [(sample + 9, NAMES[i % 3]) for i, (sample, _) in enumerate(triggers)]


def unpaired(epoch):
    """What is said against its label."""
    return [flag.reason for flag in epoch.quality.flags if "label" in flag.reason]


def told(epochs):
    return [(round((epoch.onset - T0) * RATE), epoch.truth) for epoch in epochs]


def test_time_is_the_triggers_and_label_the_programs():
    epochs, epocher = decided(*whole(9))
    assert told(epochs) == [(SPACING * (i + 1), i % 3) for i in range(9)]
    assert not any(map(unpaired, epochs))
    assert epocher.ignored_markers == 0
    assert [epoch.marker.value for epoch in epochs] == [NAMES[i % 3] for i in range(9)]


def test_trigger_without_its_label_is_flagged():
    triggers, labels = whole(6)
    epochs, _ = decided(triggers, labels[:2] + labels[3:])
    assert [truth for _, truth in told(epochs)] == [0, 1, None, 0, 1, 2]
    assert [unpaired(epoch) for epoch in epochs if unpaired(epoch)] == [
        [f"no label from {AMP}-markers within 0.1 s"]
    ]


def test_label_without_its_trigger_makes_no_event():
    triggers, labels = whole(6)
    epochs, epocher = decided(triggers[:2] + triggers[3:], labels)
    assert [truth for _, truth in told(epochs)] == [0, 1, 0, 1, 2]
    assert epocher.ignored_markers == 1


def test_doubled_trigger_gets_one_label():
    triggers, labels = whole(6)
    epochs, _ = decided(sorted([*triggers, (triggers[2][0] + 3, triggers[2][1])]), labels)
    assert len(epochs) == 7
    near = [epoch for epoch in epochs if abs((epoch.onset - T0) * RATE - triggers[2][0]) < 5]
    assert sorted(epoch.truth is None for epoch in near) == [False, True]
    assert {epoch.truth for epoch in near} == {2, None}
    assert [bool(unpaired(epoch)) for epoch in near] == [epoch.truth is None for epoch in near]


@given(
    lost=st.sets(st.integers(0, 11), max_size=6),
    unlabelled=st.sets(st.integers(0, 11), max_size=6),
    late=st.lists(st.integers(-20, 20), min_size=12, max_size=12),
)
@settings(max_examples=40)
def test_no_label_is_ever_that_of_another_event(lost, unlabelled, late):
    triggers, labels = whole(12)
    labels = [(sample - 9 + off, name) for (sample, name), off in zip(labels, late, strict=True)]
    left = [trigger for i, trigger in enumerate(triggers) if i not in lost]
    heard = [label for i, label in enumerate(labels) if i not in unlabelled]
    epochs, _ = decided(left, heard, 13 * SPACING)
    truths = {
        sample: (None if i in unlabelled else i % 3) for i, (sample, _) in enumerate(triggers) if i not in lost
    }
    assert dict(told(epochs)) == truths
    for epoch in epochs:
        assert bool(unpaired(epoch)) == (epoch.truth is None)


@pytest.mark.parametrize("apart", [20, 30])
def test_label_between_two_triggers_is_given_to_the_nearer_one_or_nobody(apart):
    epochs, _ = decided([(400, 5), (400 + apart, 6)], [(400 + apart - 5, "apple")], 1200)
    assert told(epochs) == [(400, None), (400 + apart, 0)]
