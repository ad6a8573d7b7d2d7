"""SYNTHETIC pairs with a known common signal, small enough for tests, and what trains on them in a second."""

from functools import cache

from models.alignment.config import AlignmentConfig
from models.alignment.synthetic import synthetic_pairs

SIGNAL = {
    "concepts": 150, "pictures": 2, "repetitions": 2, "n_channels": 6, "n_times": 40, "sfreq": 100.0, "dim": 16,
    "components": 4, "eeg_noise": 0.5, "fmri_noise": 0.1, "clusters": 5,
}  # fmt: skip
MODEL = {
    "backbone": "eeg_project", "backbone_options": {"width": 32}, "tokens": 4, "width": 8, "hidden": 32,
    "attention_width": 16, "heads": 2,
}  # fmt: skip
TRAIN = {"epochs": 3, "batch": 32, "lr": 3e-3, "backbone_lr": 1e-3}


def known_config(**sections):
    """Return a config in which some keys of some sections are replaced."""
    body = {"name": "known", "known_signal": SIGNAL, "model": MODEL, "train": TRAIN}
    for name, keys in sections.items():
        body[name] = {**body.get(name, {}), **keys}
    return AlignmentConfig.model_validate(body)


@cache
def known_pairs():
    """Return the pairs, made once."""
    return synthetic_pairs(known_config().known_signal)
