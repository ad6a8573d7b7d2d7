"""A tiny world whose pictures are rendered, a decoder of it, and a reconstruction from its embeddings."""

from types import SimpleNamespace

import pytest

from bci.config import parse
from models.bundle import save_bundle
from models.config import ExperimentConfig
from models.data import load_bank_of, load_trials
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.sources import load_data
from models.reconstruction.train import train_reconstruction
from models.train import train

WORLD = """
name = "tiny"
seed = 5
channels = ["O1", "Oz", "O2", "Pz", "P3", "P4"]
reference = "Fz"
sfreq = 100

[pictures]
dim = 12
categories = 4
train_concepts = 24
test_concepts = 8
pictures = 4

[presentation]
train_events = 192
test_events = 32

[evoked]
components = 8
snr = 2.0

[noise]
line_uv = 0
line_hz = 40
blink_uv = 0
"""


@pytest.fixture(scope="session")
def world_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("world") / "world-tiny.toml"
    path.write_text(WORLD, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def experiment(world_file):
    return ExperimentConfig.model_validate(
        {
            "name": "tiny",
            "data": {"reader": "world", "paths": [str(world_file)]},
            "preprocess": {
                "channels": ["O1", "Oz", "O2", "Pz", "P3", "P4"],
                "sfreq": 50.0,
                "lowpass": 20.0,
                "tmax": 0.6,
                "scale": "whiten",
                "whitening": "ledoit-wolf",
            },
            "targets": {"kind": "world"},
            "decoder": {"name": "ridge", "options": {"penalties": [1.0]}},
            "evaluation": {"protocol": "zero-shot", "by": "concept", "test": "partition"},
        }
    )


@pytest.fixture(scope="session")
def bundle(experiment, tmp_path_factory):
    """Return the folder of a trained decoder, and its id."""
    made = train(load_trials(experiment), load_bank_of(experiment), experiment)
    folder = tmp_path_factory.mktemp("bundle") / "tiny"
    save_bundle(folder, made)
    return SimpleNamespace(folder=folder, id=made.id)


SMALL = {
    "name": "small",
    "encoder": {"hidden": 32, "latent": 8},
    "generator": {"side": 28, "width": 8, "widest": 16, "discriminator": 4},
    "weights": {"semantic": 0.0},
    "judge": {"pictures": 256, "passes": 2, "width": 4},
    "train": {"epochs": 2, "batch": 32, "lr": 1e-3},
}


@pytest.fixture(scope="session")
def small(bundle):
    """Return the config of a small reconstruction; keyword arguments replace keys of its sections."""

    def make(**changes):
        body = {**SMALL, "data": {"bundle": str(bundle.folder), "validation": 0.2}}
        merged = {name: {**body.get(name, {}), **section} for name, section in changes.items()}
        return parse(ReconstructionConfig, {**body, **merged}, "test")

    return make


@pytest.fixture(scope="session")
def data(small):
    return load_data(small())


@pytest.fixture(scope="session")
def painted(small, data, tmp_path_factory):
    """Return the folder of a trained reconstruction, and what training returned."""
    folder = tmp_path_factory.mktemp("painted") / "painted"
    return SimpleNamespace(folder=folder, result=train_reconstruction(small(), data.train, folder))
