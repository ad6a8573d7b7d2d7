"""A small synthetic world and an experiment on it, for commands that judge a test partition."""

import pytest

WORLD = """
name = "small"
seed = 3
channels = ["O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"]
reference = "Fz"
sfreq = 128
[pictures]
dim = 8
categories = 3
train_concepts = 60
test_concepts = 12
pictures = 5
[presentation]
soa = 0.25
train_events = 600
test_events = 96
[evoked]
components = 4
snr = 0.6
"""
EXPERIMENT = """
name = "base"
[data]
reader = "world"
paths = ["{folder}/world-small.toml"]
[preprocess]
channels = ["O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"]
highpass = 0.5
lowpass = 25.0
sfreq = 64.0
tmax = 0.5
[targets]
kind = "world"
[decoder]
name = "ridge"
[evaluation]
protocol = "zero-shot"
by = "concept"
test = "partition"
unit = "concept"
resamples = 100
permutations = 0
calibrate = false
[evaluation.curves]
repetitions = [1, 4]
candidates = []
"""


@pytest.fixture
def small_world(tmp_path):
    """Write `world-small.toml` and an experiment on it; return the experiment's path."""
    (tmp_path / "world-small.toml").write_text(WORLD)
    path = tmp_path / "base.toml"
    path.write_text(EXPERIMENT.format(folder=tmp_path.as_posix()))
    return path
