import numpy as np
from known_signal import known_config, known_pairs

from models.alignment.ablation import LOSSES, ablate, shuffled, subsets
from models.alignment.evaluate import Settings, evaluate
from models.alignment.report import page
from models.alignment.train import train


def test_every_subset_of_the_losses_is_there_once():
    found = list(subsets())
    assert len(found) == len(set(found)) == 7
    assert found[-1] == LOSSES


def test_shuffled_pairs_are_strangers_but_in_the_test_part():
    pairs = known_pairs().pairs
    mixed = shuffled(pairs, 0)
    test = pairs.part == 2
    assert np.array_equal(np.asarray(mixed.eeg)[test], np.asarray(pairs.eeg)[test])
    train_ = pairs.part == 0
    assert (mixed.eeg_picture != pairs.eeg_picture)[train_].mean() > 0.9
    assert sorted(mixed.eeg_picture[train_]) == sorted(pairs.eeg_picture[train_])


def test_the_table_has_a_row_for_each_and_one_of_shuffled_pairs():
    done = []
    config = known_config(train={"epochs": 1})
    pairs = known_pairs().pairs
    rows = ablate(pairs, config, [0], lambda progress: done.append((progress.step, progress.steps)))
    assert [row.losses for row in rows[:-1]] == list(subsets())
    assert (rows[-1].losses, rows[-1].shuffled) == (LOSSES, True)
    assert done == [(number, 8) for number in range(1, 9)]
    trained = train(pairs, config)
    assert "mse + infonce + distillation, pairs shuffled" in page(
        trained, evaluate(trained, pairs, Settings(permutations=9, resamples=9)), rows
    )
