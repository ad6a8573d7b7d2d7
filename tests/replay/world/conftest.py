import functools

import pytest

from replay.world import WorldSpec, build_world, load_world

TINY = {
    "name": "tiny",
    "seed": 3,
    "channels": ["O1", "Oz", "P4", "Fp1"],
    "reference": "Fz",
    "sfreq": 128,
    "pictures": {"dim": 8, "categories": 2, "train_concepts": 9, "test_concepts": 6, "pictures": 5},
    "presentation": {"soa": 0.25},
    "evoked": {"components": 4, "snr": 0.5},
}


@pytest.fixture(scope="session")
def preset():
    """Worlds by name, each built once."""
    return functools.cache(load_world)


@pytest.fixture(scope="session")
def make_tiny():
    """Build a world of four channels that differs from `TINY` in some sections."""

    def make(**sections):
        merged = {
            key: {**TINY.get(key, {}), **value} if isinstance(value, dict) else value
            for key, value in sections.items()
        }
        return build_world(WorldSpec.model_validate({**TINY, **merged}))

    return make
