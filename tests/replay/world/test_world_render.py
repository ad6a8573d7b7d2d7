import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.world import load_world
from replay.world.render import N_NUMBERS


@pytest.fixture(scope="module")
def world():
    return load_world("erp17")


@pytest.fixture(scope="module")
def renderer(world):
    return world.renderer()


def test_the_same_vector_gives_the_same_pixels_alone_and_among_others(world, renderer):
    vectors = world.test_bank.images[:20]
    together = renderer.render(vectors, 32)
    assert together.shape == (20, 32, 32, 3)
    assert (renderer.render(vectors[19:], 32)[0] == together[19]).all()
    assert (world.renderer().render(vectors, 32) == together).all()


def test_published_size_is_the_default(world, renderer):
    assert renderer.render(world.test_bank.images[:1]).shape == (1, 224, 224, 3)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_vectors_that_are_near_look_alike(world, renderer, seed):
    rng = np.random.default_rng(seed)
    vector = world.train_bank.images[rng.integers(len(world.train_bank.images))]
    step = rng.standard_normal(vector.shape)
    beside = vector + 1e-3 * np.linalg.norm(vector) * step / np.linalg.norm(step)
    one, other = renderer.render(np.stack([vector, beside]), 24).astype(int)
    assert np.abs(one - other).max() <= 8


def test_pictures_of_a_concept_look_more_alike_than_those_of_others(world, renderer):
    bank = world.train_bank
    rows = np.concatenate([np.flatnonzero(bank.owner == concept)[:2] for concept in range(60)])
    pixels = renderer.render(bank.images[rows], 24).reshape(60, 2, -1).astype(float)
    same = np.abs(pixels[:, 0] - pixels[:, 1]).mean()
    others = np.abs(pixels[:, 0] - np.roll(pixels[:, 1], 1, axis=0)).mean()
    assert same < 0.8 * others


def test_what_the_components_do_not_read_is_not_seen(world, renderer):
    vector = world.train_bank.images[:1].astype(float)
    unread = world.pictures.axes[:, world.spec.evoked.components :]
    moved = vector + 0.1 * unread.sum(axis=1)
    assert (renderer.render(vector, 24) == renderer.render(moved, 24)).all()


def test_numbers_of_scenes_are_spread_alike(world, renderer):
    scenes = renderer.scenes(world.train_bank.images)
    assert scenes.shape[1] == N_NUMBERS
    assert (np.abs(np.log(scenes.std(axis=0))) < 0.5).all()
