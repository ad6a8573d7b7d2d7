from dataclasses import replace

import numpy as np
import pytest
import torch

from bci.errors import BciError, ConfigError, MismatchError
from bci.types import Channel
from models.train import train
from models.whitening import fit_whitening


def same_weights(one, other):
    return all(np.array_equal(array, other.weights[name]) for name, array in one.weights.items())


SMALL = {
    "blur_bank": {"filters": 8, "width": 16},
    "channel_attention": {"hidden": 16, "width": 8, "heads": 2},
    "eeg_project": {"width": 32},
    "nice": {"maps": 8},
}
"""Sizes of encoders for which a small world is enough."""


@pytest.mark.parametrize("loss", ["concept", "instance"])
@pytest.mark.parametrize("encoder", SMALL)
def test_what_can_be_learned_is_learned(tiny_with, loss, encoder, scores_of):
    options = {"dim": 16, **SMALL[encoder]}
    tiny = tiny_with(train={"epochs": 25}, loss={"name": loss}, decoder={"name": encoder, "options": options})
    scores = scores_of(train(tiny.trials, tiny.bank, tiny.config), tiny.trials)
    assert np.mean(scores.argmax(axis=1) == tiny.trials.concepts) > 0.8  # chance is 1 in 6


@pytest.mark.skipif(torch.cuda.is_available(), reason="sums on a GPU have no fixed order")
def test_the_same_seed_gives_bit_equal_weights(tiny_with):
    changes = {"shift": 0.05, "noise": 0.1, "channel_drop": 0.1, "mix": 0.5}
    tiny = tiny_with(train=changes, loss={"negatives": 2, "learn_temperature": True})
    one = train(tiny.trials, tiny.bank, tiny.config)
    torch.rand(5)  # the state of torch's own generator does not matter
    other = train(tiny.trials, tiny.bank, tiny.config)
    assert same_weights(one, other)
    assert one.id == other.id


def test_another_seed_gives_other_weights(tiny_with, trained):
    tiny = tiny_with(train={"seed": 1})
    assert train(tiny.trials, tiny.bank, tiny.config).id != trained.id


def test_training_leaves_the_random_state_alone(tiny):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train(tiny.trials, tiny.bank, tiny.config)
    assert torch.equal(torch.rand(3), expected)


def test_members_are_single_trainings_with_neighbouring_seeds(tiny_with, trained, scores_of):
    tiny = tiny_with(train={"members": 2})
    pair = train(tiny.trials, tiny.bank, tiny.config)
    second = tiny_with(train={"seed": 1})
    alone = [trained, train(second.trials, second.bank, second.config)]
    mean = np.mean([scores_of(bundle, tiny.trials) for bundle in alone], axis=0)
    assert np.allclose(scores_of(pair, tiny.trials), mean, atol=1e-6)
    assert pair.card["seeds"] == [0, 1]


def test_epochs_over_the_bound_are_left_out_of_everything(tiny, tiny_with):
    data = tiny.trials.data.copy()
    data[::4, 1, 5] += 1e5
    rejecting = tiny_with(data={"reject": 1e4}).config
    bundle = train(replace(tiny.trials, data=data), tiny.bank, rejecting)
    assert bundle.card["n_rejected"] == 24
    assert bundle.card["n_trials"] == 72
    kept = np.arange(96) % 4 != 0
    assert np.allclose(bundle.whitening, fit_whitening(tiny.trials.data[kept], "channel"))


def test_nothing_left_to_train_on_is_refused(tiny, tiny_with):
    with pytest.raises(ConfigError, match=r"none of 96 within reject = 0\.001 microvolts"):
        train(tiny.trials, tiny.bank, tiny_with(data={"reject": 0.001}).config)


def test_other_vectors_of_the_bank_are_never_looked_at(tiny):
    shown = np.flatnonzero(tiny.trials.concepts < 4)
    trials = replace(
        tiny.trials, data=tiny.trials.data[shown], concepts=tiny.trials.concepts[shown],
        images=tiny.trials.images[shown], groups={k: v[shown] for k, v in tiny.trials.groups.items()},
    )  # fmt: skip
    changed = replace(
        tiny.bank,
        prototypes=np.where(np.arange(6)[:, None] < 4, tiny.bank.prototypes, 99).astype(np.float32),
        images=np.where(tiny.bank.owner[:, None] < 4, tiny.bank.images, -99).astype(np.float32),
    )
    one, other = train(trials, tiny.bank, tiny.config), train(trials, changed, tiny.config)
    assert np.array_equal(one.centre, other.centre)
    assert all(np.allclose(array, other.weights[name]) for name, array in one.weights.items())


def test_a_concept_without_vectors_is_named(tiny):
    bank = tiny.bank.select(tiny.bank.names[:5])
    with pytest.raises(MismatchError, match="bank of 5 lacks 'concept 5'"):
        train(tiny.trials, bank, tiny.config)


@pytest.mark.parametrize(
    "change",
    [{"sfreq": 128.0}, {"data": np.zeros((96, 4, 31), np.float32)}, {"channels": (Channel("Fz"),) * 4}],
)
def test_epochs_of_another_shape_are_refused(tiny, change):
    with pytest.raises(MismatchError, match="expected epochs of 4 channels x 32 samples at 64 Hz"):
        train(replace(tiny.trials, **change), tiny.bank, tiny.config)


def test_progress_ends_at_the_last_step(tiny_with):
    tiny, seen = tiny_with(train={"members": 2, "epochs": 4}), []
    train(tiny.trials, tiny.bank, tiny.config, report=seen.append)
    # 96 trials in batches of 32: 3 steps x 4 passes x 2 members
    assert [report.step for report in seen] == [10, 12, 22, 24]
    assert {report.steps for report in seen} == {24}
    assert all(np.isfinite(report.loss) for report in seen)


def test_the_card_says_what_was_done(trained):
    card = dict(trained.card)
    assert len(card.pop("date")) == len("2026-01-01")
    assert card == {
        "protocol": "seen-concept/new-trial", "n_trials": 96, "n_rejected": 0, "n_concepts": 6, "subjects": ["1"],
        "sessions": ["1"], "recordings": ["a", "b"], "held_out": ["c"], "seeds": [0],
        "selection": "fixed: last of 3 epochs", "chosen": "", "candidates": 6, "channels": 4, "window": [0.0, 0.5],
        "causal": True,
    }  # fmt: skip


def test_a_fixed_temperature_stays_and_a_learned_one_moves(tiny_with):
    fixed = tiny_with(loss={"temperature": 0.2})
    assert train(fixed.trials, fixed.bank, fixed.config).temperature == pytest.approx(0.2)
    learned = tiny_with(loss={"temperature": 0.2, "learn_temperature": True})
    temperature = train(learned.trials, learned.bank, learned.config).temperature
    assert temperature != pytest.approx(0.2, abs=1e-4)
    assert temperature >= 0.01


def test_a_training_that_diverges_makes_no_bundle(tiny_with):
    tiny = tiny_with(train={"lr": 1e30, "weight_decay": 1e3})
    with pytest.raises(BciError, match=r"diverged.*below 1e\+30"):
        train(tiny.trials, tiny.bank, tiny.config)
