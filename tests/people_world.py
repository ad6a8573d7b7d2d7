"""A small synthetic world whose people differ, for tests that calibrate to one of them."""

import tomli_w

from models.config import ExperimentConfig

CHANNELS = ("O1", "Oz", "O2", "Pz")


def write_people_world(folder, channels=CHANNELS, **changes):
    """Write the world's file; `changes` replace keys in its sections, `sfreq` and `reference` of its own."""
    sections = {
        "pictures": {
            "dim": 16, "categories": 4, "train_concepts": 4, "test_concepts": 4, "pictures": 12,
            "test": "new-pictures",
        },
        "presentation": {"soa": 0.5},
        "evoked": {"components": 6, "snr": 0.5},
    }  # fmt: skip
    world = {"name": "small", "seed": 5, "channels": list(channels), "reference": "Fz", "sfreq": 128, **sections}
    for key, value in changes.items():
        world[key] = {**sections.get(key, {}), **value} if isinstance(value, dict) else value
    path = folder / "small.toml"
    path.write_text(tomli_w.dumps(world), encoding="utf-8")
    return path


def people_experiment(world, **changes):
    """An experiment on people 1 and 2 of the world in a file; `changes` replace keys in its sections."""
    sections = {
        "name": "small",
        "data": {"reader": "world", "paths": [str(world)], "subjects": ["1", "2"], "options": {"events": 120}},
        "preprocess": {"channels": list(CHANNELS), "lowpass": 25.0, "sfreq": 64.0, "tmax": 0.6},
        "targets": {"kind": "world"},
        "decoder": {"name": "lda"},
        "evaluation": {"protocol": "closed-set", "by": "subject"},
    }
    for section, values in changes.items():
        sections[section] = {**sections.get(section, {}), **values}
    return ExperimentConfig.model_validate(sections)
