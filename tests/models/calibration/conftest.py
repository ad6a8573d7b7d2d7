"""A small world with people, and a bundle of three of them."""

from dataclasses import dataclass, replace

import pytest
from people_world import people_experiment, write_people_world

from models.bundle import Bundle
from models.data import load_bank_of, load_trials
from models.train import train
from replay.world import load_world

CHANNELS = ["O1", "Oz", "O2", "Pz", "P3", "P4"]
SNR = 0.35
SECTIONS = {
    "data": {"subjects": ["1", "2", "3"], "options": {"events": 160}},
    "preprocess": {"channels": CHANNELS, "highpass": 0.5, "scale": "whiten", "whitening": "ledoit-wolf"},
    "train": {"epochs": 4, "batch": 64, "lr": 3e-3},
}
"""What the experiment on three of them has of its own."""


@dataclass(frozen=True)
class Small:
    """A world's file, and what is trained on it."""

    path: str
    bundle: Bundle

    def record(self, person, n_events, seed=3, split="train"):
        return load_world(self.path, person).record(split, n_events, seed=seed)[0]


def experiment(path, **changes):
    sections = {name: {**SECTIONS.get(name, {}), **changes.get(name, {})} for name in SECTIONS | changes}
    return people_experiment(path, **sections)


@pytest.fixture(scope="session")
def world_file(tmp_path_factory):
    return str(write_people_world(tmp_path_factory.mktemp("people"), CHANNELS, evoked={"snr": SNR}))


@pytest.fixture(scope="session")
def small_with(world_file):
    """Train a bundle on people 1 to 3; keyword arguments replace keys in sections of its config."""

    def make(**changes):
        config = experiment(world_file, **changes)
        return Small(world_file, train(load_trials(config), load_bank_of(config), config))

    return make


def made(folder, channels=CHANNELS, world=None, **sections):
    """Write the world with other keys, and train on people 1 to 3 of it."""
    path = str(write_people_world(folder, channels, evoked={"snr": SNR}, **(world or {})))
    config = experiment(path, **sections)
    return Small(path, train(load_trials(config), load_bank_of(config), config))


@pytest.fixture(scope="session")
def small_sampled(tmp_path_factory):
    """The small world by an amplifier with sampled triggers at 512 Hz."""
    world = {"sfreq": 512, "presentation": {"trigger": "sampled"}}
    sampled = made(tmp_path_factory.mktemp("sampled"), world=world)
    events = sampled.bundle.events.model_copy(update={"lock": ("[a-z]+-[0-9]+",)})
    config = sampled.bundle.config.model_copy(update={"events": events})
    return replace(sampled, bundle=replace(sampled.bundle, config=config))


@pytest.fixture(scope="session")
def small_epoc(tmp_path_factory):
    """The small world by a headset whose reference is P3, on its large offset."""
    channels = ["O1", "Oz", "O2", "Pz", "P4", "P8"]
    world = {"reference": "P3", "noise": {"offset_uv": 4200}}
    return made(tmp_path_factory.mktemp("epoc"), channels, world, preprocess={"channels": channels})


@pytest.fixture(scope="session")
def small(small_with):
    return small_with()


@pytest.fixture(scope="session")
def small_network(small_with):
    return small_with(decoder={"name": "eeg_project", "options": {"dim": 8, "width": 32, "dropout": 0.1}})
