"""A small SYNTHETIC alignment as config files."""

import pytest
import tomli_w

CHANNELS = ["O1", "Oz", "O2", "Pz", "Cz"]

WORLD = {
    "name": "small",
    "seed": 5,
    "channels": CHANNELS,
    "reference": "Fz",
    "sfreq": 200,
    "pictures": {"dim": 16, "categories": 8, "train_concepts": 40, "test_concepts": 10, "pictures": 3},
    "presentation": {"soa": 0.2, "train_events": 240},
    "evoked": {"components": 8, "snr": 0.5},
}
EXPERIMENT = {
    "name": "small-trials",
    "data": {"reader": "world"},
    "preprocess": {"gain": 0.01, "channels": CHANNELS, "sfreq": 200.0, "tmin": 0.0, "tmax": 1.0},
    "targets": {"kind": "world"},
    "decoder": {"name": "ridge"},
    "evaluation": {"protocol": "zero-shot", "by": "concept", "folds": 4},
}
ALIGNMENT = {
    "name": "small",
    "data": {
        "synthetic": {"pictures": 250, "voxels": 30, "noise": 0.5},
        "matching": {"clusters": 5, "keep": 0.9},
    },
    "model": {"belongs": "to others"},
}


@pytest.fixture
def alignment(tmp_path):
    """Write world, experiment and alignment; return the path of the last, changed in some keys of its data."""
    write(tmp_path / "world-small.toml", WORLD)
    paths = {"reader": "world", "paths": [str(tmp_path / "world-small.toml")]}
    write(tmp_path / "trials.toml", {**EXPERIMENT, "data": paths})

    def alignment(name="alignment", **changed):
        eeg = {"experiment": str(tmp_path / "trials.toml"), **changed.pop("eeg", {})}
        data = {key: value for key, value in {**ALIGNMENT["data"], **changed}.items() if value is not None}
        return write(tmp_path / f"{name}.toml", {**ALIGNMENT, "data": {**data, "eeg": eeg}})

    return alignment


def write(path, body):
    path.write_bytes(tomli_w.dumps(body).encode())
    return path
