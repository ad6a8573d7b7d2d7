import numpy as np
import pytest

from models.pairing.quality import judge

DIGITS = np.arange(2000) % 10


def test_every_family_is_counted_by_itself():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(len(DIGITS), 200)).astype(np.float32)
    features[:, :30] += 0.5 * DIGITS[:, None]
    features[:, 150] = 3.0
    features[7, 151] = np.nan
    features[8, 152] = np.inf
    first, second = judge(features, DIGITS, {"first": (0, 100), "second": (100, 200)})
    assert 30 <= first.different <= 35
    assert (first.features, first.constant, first.not_finite) == (100, 0, 0)
    assert (second.different, second.constant, second.not_finite) == (0, 1, 2)
    assert second.said == (
        "second: 0 of 100 features (0.0%) differ between digits, by analysis of variance on training events at a "
        "false discovery rate of 5%; 1 are constant, 2 not finite"
    )


def test_false_discoveries_are_held_in_check():
    rng = np.random.default_rng(1)
    found = [
        next(judge(rng.normal(size=(200, 100)), DIGITS[:200], {"all": (0, 100)})).different for _ in range(20)
    ]
    assert sum(map(bool, found)) <= 4


@pytest.mark.parametrize("digits", [np.zeros(50, int), np.arange(50) % 10])
def test_nothing_differs_where_nothing_can(digits):
    (only,) = judge(np.ones((50, 3), np.float32), digits, {"all": (0, 3)})
    assert (only.different, only.constant, only.share) == (0, 3, 0.0)
