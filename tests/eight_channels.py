"""Experiments on small synthetic worlds of eight channels: half a second of an event, whitened, by ridge."""

from models.config import ExperimentConfig

CHANNELS = ["O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"]


def eight_channel_experiment(world, **sections):
    """An experiment on the world in a file; `sections` are what it has of its own."""
    return ExperimentConfig.model_validate(
        {
            "name": world.stem.removeprefix("world-"),
            "data": {"reader": "world", "paths": [str(world)]},
            "preprocess": {
                "channels": CHANNELS,
                "highpass": 0.5,
                "lowpass": 25.0,
                "sfreq": 64.0,
                "tmax": 0.5,
                "scale": "whiten",
                "whitening": "ledoit-wolf",
            },
            "targets": {"kind": "world", "model": "synthetic world", "normalisation": "unit"},
            "decoder": {"name": "ridge"},
            **sections,
        }
    )
