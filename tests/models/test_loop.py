import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bci.errors import FormatError, MismatchError
from models import feed
from models.bundle import load_bundle
from models.runtime import load_decoder
from models.train import train

EVERYTHING = {
    "epochs": 6, "batch": 40, "shift": 0.05, "smooth": 0.3, "noise": 0.1, "channel_drop": 0.1, "mix": 0.5,
    "mix_of": "image", "ema": 0.9, "members": 2, "checkpoint_every": 2,
}  # fmt: skip


def same_weights(one, other):
    assert one.weights.keys() == other.weights.keys()
    return all(np.array_equal(array, other.weights[name]) for name, array in one.weights.items())


class StoppedError(Exception):
    pass


def stop_after(steps):
    def report(progress):
        if progress.step >= steps:
            raise StoppedError

    return report


@pytest.mark.parametrize("steps", [10, 18, 28], ids=["in the first member", "between", "in the second"])
def test_a_training_that_was_interrupted_goes_on_bit_for_bit(tiny_with, tmp_path, steps):
    tiny = tiny_with(train=EVERYTHING, loss={"learn_temperature": True, "symmetric": True})
    whole = train(tiny.trials, tiny.bank, tiny.config)
    with pytest.raises(StoppedError):
        train(tiny.trials, tiny.bank, tiny.config, report=stop_after(steps), checkpoints=tmp_path)
    seen = []
    resumed = train(tiny.trials, tiny.bank, tiny.config, report=seen.append, checkpoints=tmp_path)
    assert same_weights(whole, resumed)
    # 96 trials in batches of at most 40 are 3 steps a pass, 36 in all: what was kept is not done again
    assert len(seen) < 6
    assert seen[-1].step == seen[-1].steps == 36


@pytest.mark.parametrize("change", [{"seed": 1}, {"lr": 1e-3}, {"epochs": 7}])
def test_a_checkpoint_of_another_training_is_refused(tiny_with, tmp_path, change):
    tiny = tiny_with(train=EVERYTHING)
    train(tiny.trials, tiny.bank, tiny.config, checkpoints=tmp_path)
    other = tiny_with(train={**EVERYTHING, **change})
    with pytest.raises(MismatchError, match="checkpoint of another config or other data"):
        train(other.trials, other.bank, other.config, checkpoints=tmp_path)


def test_a_checkpoint_of_other_data_is_refused(tiny, tmp_path):
    train(tiny.trials, tiny.bank, tiny.config, checkpoints=tmp_path)
    with pytest.raises(MismatchError, match="other data"):
        train(replace(tiny.trials, data=2 * tiny.trials.data), tiny.bank, tiny.config, checkpoints=tmp_path)


def test_a_damaged_checkpoint_is_refused(tiny, tmp_path):
    train(tiny.trials, tiny.bank, tiny.config, checkpoints=tmp_path)
    file = tmp_path / "member-0.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(FormatError, match="damaged"):
        train(tiny.trials, tiny.bank, tiny.config, checkpoints=tmp_path)


def test_epochs_read_ahead_are_those_from_memory(tiny_with, tmp_path, monkeypatch):
    tiny = tiny_with(train=EVERYTHING)
    file = tmp_path / "epochs.npy"
    np.save(file, tiny.trials.data)
    mapped = replace(tiny.trials, data=np.load(file, mmap_mode="r"))
    from_memory = train(tiny.trials, tiny.bank, tiny.config)
    monkeypatch.setattr(feed, "IN_MEMORY", 0)
    assert same_weights(from_memory, train(mapped, tiny.bank, tiny.config))


def test_what_fails_in_the_reading_thread_is_raised_where_the_epochs_are_wanted():
    def items():
        yield 1
        raise OSError("the disk is gone")

    with feed.read_ahead(items()) as ready:
        assert next(ready) == 1
        with pytest.raises(OSError, match="the disk is gone"):
            next(ready)


def test_a_reader_that_nobody_waits_for_ends():
    with feed.read_ahead(iter(range(1000))) as ready:
        assert [next(ready) for _ in range(3)] == [0, 1, 2]


def test_an_average_of_the_weights_moves_less_than_the_weights(tiny_with):
    plain, averaged, start = (
        train(tiny.trials, tiny.bank, tiny.config)
        for tiny in (tiny_with(), tiny_with(train={"ema": 0.99}), tiny_with(train={"lr": 1e-12}))
    )
    moved = [
        np.linalg.norm(
            bundle.weights["members.0.projection.weight"] - start.weights["members.0.projection.weight"]
        )
        for bundle in (averaged, plain)
    ]
    assert 0 < moved[0] < 0.5 * moved[1]


def test_mixed_precision_learns_nearly_the_same(tiny_with):
    full, mixed = tiny_with(), tiny_with(train={"precision": "bf16-mixed"})
    one, other = (train(each.trials, each.bank, each.config).weights for each in (full, mixed))
    name = "members.0.projection.weight"
    assert not np.array_equal(one[name], other[name])
    assert np.corrcoef(one[name].ravel(), other[name].ravel())[0, 1] > 0.98


CONFIG = """
name = "two"
[data]
reader = "world"
paths = ["{world}"]
[preprocess]
channels = ["O1", "Oz", "O2", "Pz"]
lowpass = 8.0
sfreq = 25.0
tmax = 0.8
scale = "whiten"
whitening = "channel"
[targets]
kind = "world"
[decoder]
name = "channel_attention"
options = {{ dim = 16, hidden = 16, width = 8, heads = 2, dropout = 0.0 }}
[loss]
name = "{loss}"
symmetric = true
[train]
epochs = 1
batch = 51
[evaluation]
protocol = "zero-shot"
by = "concept"
"""
WORLD = """
name = "tiny"
seed = 3
channels = ["O1", "Oz", "O2", "Pz"]
reference = "Fz"
sfreq = 250
[pictures]
dim = 16
categories = 3
train_concepts = 12
test_concepts = 4
pictures = 2
[presentation]
soa = 0.2
train_events = 300
test_events = 20
[evoked]
components = 4
snr = 1.0
[noise]
background_uv = 10
slope = 1.2
alpha_uv = 6
line_uv = 3
drift_uv = 20
blink_uv = 120
blinks_per_minute = 12
"""


@pytest.mark.parametrize("loss", ["concept", "instance"])
def test_two_processes_train_as_one_does(tmp_path, loss):
    (tmp_path / "world-tiny.toml").write_text(WORLD, encoding="utf-8")
    config = tmp_path / "two.toml"
    config.write_text(CONFIG.format(world=tmp_path / "world-tiny.toml", loss=loss), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    script = Path(sys.executable).with_name("bci")

    def bundle_of(*launcher):
        out = tmp_path / f"bundle-{len(launcher)}"
        command = [*launcher, str(script), "train", str(config), "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return load_bundle(out)

    alone = bundle_of()
    together = bundle_of(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    # not the weights: some do not matter, such as the bias of the keys, and Adam scales up their rounding
    epochs = np.random.default_rng(0).normal(size=(64, 4, 20)).astype(np.float32)
    one, two = (load_decoder(bundle).scores(epochs) for bundle in (alone, together))
    assert one.std() > 0.05
    assert np.allclose(one, two, atol=5e-6)


def test_a_precision_that_does_not_exist_is_refused(tiny_with):
    with pytest.raises(ValueError, match="precision"):
        tiny_with(train={"precision": "8-bit"})
