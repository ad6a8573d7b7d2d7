from dataclasses import replace

import numpy as np
import pytest
import torch
from known_signal import known_config, known_pairs

from bci.errors import BciError, ConfigError, MismatchError
from models.alignment.passes import CHOSEN_BY
from models.alignment.train import train


class InterruptedTrainingError(Exception):
    pass


class Board:
    def __init__(self):
        self.shown = {}

    def add_scalar(self, tag, scalar_value, global_step):
        self.shown[tag, global_step] = scalar_value


def bits(trained):
    return {name: array.tobytes() for name, array in trained.weights.items()}


@pytest.fixture(scope="module")
def trained():
    return train(known_pairs().pairs, known_config())


def test_the_same_seed_gives_the_same_weights_to_the_bit_and_another_one_others(trained):
    again = train(known_pairs().pairs, known_config())
    assert bits(again) == bits(trained)
    assert again.history == trained.history
    assert bits(train(known_pairs().pairs, known_config(train={"seed": 1}))) != bits(trained)


@pytest.mark.parametrize("after", [1, 2])
def test_an_interrupted_training_goes_on_to_the_bit(trained, tmp_path, after):
    config = known_config(train={"checkpoint_every": 1})
    steps = len(known_pairs().pairs.part_of("train")) // config.train.batch

    def interrupt(progress):
        if progress.step > after * steps:
            raise InterruptedTrainingError

    with pytest.raises(InterruptedTrainingError):
        train(known_pairs().pairs, config, report=interrupt, checkpoints=tmp_path)
    resumed = train(known_pairs().pairs, config, checkpoints=tmp_path)
    assert bits(resumed) == bits(trained)
    assert resumed.history == trained.history
    assert resumed.chosen == trained.chosen


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    config = known_config(train={"epochs": 1})
    train(known_pairs().pairs, config, checkpoints=tmp_path)
    with pytest.raises(MismatchError, match="checkpoint of another config or other data"):
        train(known_pairs().pairs, known_config(train={"epochs": 1, "seed": 1}), checkpoints=tmp_path)


def test_test_pairs_are_not_looked_at(trained):
    pairs = known_pairs().pairs
    poisoned = {name: np.array(getattr(pairs, name)) for name in ("eeg", "fmri")}
    for array in poisoned.values():
        array[pairs.part == 2] = np.nan
    assert bits(train(replace(pairs, **poisoned), known_config())) == bits(trained)


def test_validation_chooses_the_pass_and_the_board_shows_every_figure():
    board = Board()
    trained = train(known_pairs().pairs, known_config(), board=board)
    values = [figures[CHOSEN_BY] for figures in trained.history]
    assert trained.chosen == 1 + int(np.argmax(values))
    assert board.shown == {
        (name, number): value
        for number, figures in enumerate(trained.history, start=1)
        for name, value in figures.items()
    }
    assert {"train/loss", "mse", "cosine", "eeg_to_fmri/top5", "fmri_to_eeg/median_rank"} < trained.history[
        0
    ].keys()


def test_what_eeg_and_fmri_have_in_common_is_learned(trained):
    assert trained.history[-1]["train/loss"] < 0.8 * trained.history[0]["train/loss"]
    assert trained.history[-1]["cosine"] > 0.3


def test_channels_are_whitened_by_the_covariance_of_training_epochs():
    pairs = known_pairs().pairs
    trained = train(pairs, known_config(model={"whiten": True}, train={"epochs": 1}))
    matrix = trained.weights["eeg.whitening"]
    samples = matrix @ np.concatenate(list(pairs.part_of("train").eeg), axis=1)
    assert np.allclose(np.cov(samples), np.eye(len(matrix)), atol=0.1)  # it is shrunk a little
    assert np.abs(np.corrcoef(np.concatenate(list(pairs.eeg), axis=1)) - np.eye(len(matrix))).max() > 0.3


def test_the_backbone_has_a_rate_of_its_own():
    pairs = known_pairs().pairs
    still = train(pairs, known_config(train={"backbone_lr": 1e-12, "epochs": 1}))
    moved = train(pairs, known_config(train={"backbone_lr": 1e-2, "epochs": 1}))
    name = "eeg.backbone.encoder.head.weight"
    head = "eeg.head.perceptron.0.weight"
    torch.manual_seed(known_config().train.seed)
    from models.alignment.model import build_model  # noqa: PLC0415

    start = build_model(known_config().model, pairs.part_of("train")).state_dict()
    assert np.allclose(still.weights[name], start[name].numpy(), atol=1e-6)
    assert np.abs(moved.weights[name] - start[name].numpy()).max() > 1e-3
    assert np.abs(still.weights[head] - start[head].numpy()).max() > 1e-3


def test_a_training_that_diverges_says_so():
    with pytest.raises(BciError, match=r"training diverged in pass 1.*try a train.lr below 1e\+20"):
        train(known_pairs().pairs, known_config(train={"lr": 1e20}))


def test_too_few_pairs_and_several_processes_are_refused(monkeypatch):
    pairs = known_pairs().pairs
    with pytest.raises(MismatchError, match="1 to validate, got [0-9]* and 0"):
        train(replace(pairs, part=np.where(pairs.part == 1, 2, pairs.part).astype(np.int8)), known_config())
    monkeypatch.setattr("models.alignment.train.processes", lambda: 2)
    with pytest.raises(ConfigError, match="start it without torchrun"):
        train(pairs, known_config())
