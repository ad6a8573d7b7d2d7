"""Smaller montages are found by their labels."""

import pytest

from bci.config import load_config
from bci.errors import ConfigError
from models.config import ExperimentConfig
from models.evaluation.montages import SUBSETS, frontal, subset


def test_every_montage_has_as_many_labels_as_it_says():
    assert {size: len(set(labels.split())) for size, (_, labels) in SUBSETS.items()} == {17: 17, 14: 14, 8: 8}


def test_the_cap_of_things_eeg2_holds_all_of_them_but_its_reference():
    labels = load_config(ExperimentConfig, "things").preprocess.channels
    assert [len(subset(size, labels)) for size in (17, 14, 8)] == [17, 14, 7]  # Fz is the reference
    assert {labels[at] for at in subset(17, labels)} == set(SUBSETS[17][1].split())


def test_a_headset_without_them_has_no_smaller_montage():
    assert subset(17, ("TP9", "AF7", "AF8", "TP10")) is None
    assert subset(14, tuple(SUBSETS[14][1].split())) is None  # it is the whole


def test_unknown_sizes_are_refused():
    with pytest.raises(ConfigError, match="some of 17, 14, 8, got 5"):
        subset(5, ("Oz",))


def test_frontal_channels_are_those_in_front_of_the_central_ones():
    labels = ("Fp1", "AFz", "AF7", "F3", "Fz", "FC1", "FT7", "FCz", "Cz", "POz", "fp2")
    assert [labels[at] for at in frontal(labels)] == ["Fp1", "AFz", "AF7", "F3", "Fz", "fp2"]
