import numpy as np
import pytest

from replay.world.pictures import draw_pictures
from replay.world.spec import PictureSpec

MANY = PictureSpec(dim=16, decay=1.0, categories=32, category_share=0.3, scatter=0.5, train_concepts=3200)


@pytest.fixture(scope="module")
def many():
    return draw_pictures(MANY, seed=0)


def test_pictures_scatter_round_their_concept(many):
    bank = many.train
    apart = bank.images - bank.prototypes[bank.owner]
    np.testing.assert_allclose(np.cov(apart.T), many.within, atol=0.005)
    assert np.trace(many.within) == pytest.approx(0.25)


def test_concepts_gather_in_categories(many):
    categories = np.array(many.train.categories)
    own = [many.train.prototypes[categories == c] for c in sorted(set(categories))]
    within = np.mean([vectors.var(0).sum() for vectors in own])
    assert within == pytest.approx(0.7, abs=0.03)
    assert many.train.prototypes.var(0).sum() == pytest.approx(1.0, abs=0.15)  # 32 centres vary


def test_the_variance_along_the_principal_axes_decays_as_said(many):
    along = ((many.train.images - many.train.prototypes[many.train.owner]) @ many.axes).var(0)
    slope = np.polyfit(np.log(np.arange(1, 17)), np.log(along), 1)[0]
    assert slope == pytest.approx(-1.0, abs=0.02)


def test_every_concept_has_as_many_pictures(many):
    assert (np.bincount(many.train.owner) == MANY.pictures).all()
    assert (np.diff(many.train.owner) >= 0).all()


def test_test_concepts_are_unseen_and_live_in_the_same_space(many):
    assert not set(many.train.names) & set(many.test.names)
    assert many.train.key == many.test.key
    assert len(many.test.names) == 200


def test_names_say_the_category(many):
    assert all(
        name.split("-")[0] == category
        for name, category in zip(many.test.names, many.test.categories, strict=True)
    )


def test_the_same_concepts_can_be_tested_with_new_pictures():
    spec = PictureSpec(dim=4, categories=2, train_concepts=2, test_concepts=2, test="new-pictures")
    pictures = draw_pictures(spec, seed=0)
    assert pictures.train.names == pictures.test.names
    np.testing.assert_array_equal(pictures.train.prototypes, pictures.test.prototypes)
    assert not np.isin(pictures.train.images, pictures.test.images).any()


def test_another_seed_is_another_space():
    spec = PictureSpec(dim=4, categories=2, train_concepts=2, test_concepts=2)
    assert draw_pictures(spec, 0).train.key != draw_pictures(spec, 1).train.key
    assert draw_pictures(spec, 0).train.id == draw_pictures(spec, 0).train.id
