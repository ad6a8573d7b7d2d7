from dataclasses import replace

import numpy as np
from known_signal import known_config, known_pairs

from models.alignment.oracle import oracle_ranks
from models.alignment.retrieval import summary
from models.alignment.synthetic import synthetic_pairs


def test_the_same_seed_makes_the_same_pairs():
    again = synthetic_pairs(known_config().known_signal).pairs
    pairs = known_pairs().pairs
    for name in ("eeg", "fmri", "cluster", "part", "eeg_picture", "fmri_picture", "similarity"):
        assert np.array_equal(getattr(pairs, name), getattr(again, name)), name
    other = synthetic_pairs(known_config(known_signal={"seed": 1}).known_signal).pairs
    assert not np.array_equal(pairs.eeg, other.eeg)


def test_no_picture_is_in_two_parts_and_all_are_called_synthetic():
    pairs = known_pairs().pairs
    for name in ("eeg_picture", "fmri_picture", "component"):
        each = [set(getattr(pairs.part_of(part), name).tolist()) for part in ("train", "validation", "test")]
        assert all(each)
        assert sum(map(len, each)) == len(set.union(*each)), name
    assert pairs.facts["synthetic"] is True
    assert all(name.startswith("synthetic ") for name in known_pairs().concepts)


def test_without_noise_the_components_are_found_again():
    quiet = synthetic_pairs(known_config(known_signal={"eeg_noise": 1e-3, "scatter": 0.0}).known_signal)
    found = np.tensordot(quiet.pairs.eeg, quiet.filters, ((1, 2), (1, 2)))
    assert np.allclose(found, quiet.signal, atol=0.05)  # pictures of a concept are one without scatter


def test_the_oracle_ranks_what_can_be_known_and_nothing_else():
    world = known_pairs()
    known = summary(oracle_ranks(world))
    assert known["top1"] > 0.5
    order = np.random.default_rng(0).permutation(len(world.pairs))
    strangers = replace(world, pairs=replace(world.pairs, eeg=np.asarray(world.pairs.eeg)[order]))
    assert summary(oracle_ranks(strangers))["top1"] < known["top1"] - 0.3
