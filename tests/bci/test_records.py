from types import SimpleNamespace

import numpy as np
import pytest

from bci.pair import Pair
from bci.ranking import rank
from bci.records import LATEST, Records
from bci.specs import PreprocessSpec
from bci.types import Decision, DecoderSpec, Marker, SourceState, Status

CONCEPTS = ("cat", "dog", "owl")
PROTOTYPES = np.eye(3, dtype=np.float32)
PREPROCESS = PreprocessSpec(channels=("Cz",), sfreq=250.0, tmax=1.0)


def pair(model="0" * 8, concepts=CONCEPTS):
    spec = DecoderSpec(("Cz",), 250.0, 250, "0" * 64, concepts, model, "1" * 8)
    epocher = SimpleNamespace(preprocessor=SimpleNamespace(spec=PREPROCESS), stream=None)
    return Pair(epocher, SimpleNamespace(spec=spec))


def decision(seq, truth=0, best=0, onset=None):
    onset = float(seq) if onset is None else onset
    ranking = rank(PROTOTYPES[best], PROTOTYPES, truth, 3)
    marker = Marker(onset, CONCEPTS[truth], "staged", onset)
    return Decision(seq, marker, onset, truth, None, Status.OK, "", ranking, {}, 0.001, SourceState.FLOWING)


def test_decisions_of_the_latest_pair_are_told_and_those_of_all_summed_up():
    first, second = pair("a" * 8), pair("b" * 8)
    records = Records(first)
    for seq in range(4):
        records.add(decision(seq), first)
    assert records.open(second) == 4
    records.add(decision(4), first)  # what was shown before the switch
    records.add(decision(5, best=1), second)
    told = records.told()
    assert [one.seq for one in told.recent] == [5]
    assert len(told.decided) == 1
    assert (told.e_value, told.above_chance) == (None, False)
    summary = records.summary()
    assert summary["events"] == 6
    assert summary["top1"] == pytest.approx(5 / 6)
    assert [each["events"] for each in summary["decoders"]] == [5, 1]
    assert [each["model"] for each in summary["decoders"]] == ["a" * 8, "b" * 8]


def test_the_latest_are_kept_whole_and_all_are_counted():
    only = pair()
    records = Records(only)
    for seq in range(LATEST + 7):
        records.add(decision(seq), only)
    told = records.told()
    assert [one.seq for one in told.recent] == list(range(7, LATEST + 7))
    assert len(told.decided) == LATEST + 7


def test_what_is_excluded_is_excluded_for_pairs_that_come_later():
    first, second = pair(), pair()
    records = Records(first)
    records.add(decision(0, onset=1.5), first)
    records.exclude((1.0, 2.0))
    records.open(second)
    records.add(decision(1, onset=1.8), second)
    records.add(decision(2, onset=2.5), second)
    assert records.excluded == ((1.0, 2.0),)
    assert records.told().decided.excluded.tolist() == [True, False]
