"""A sheet that shows pairs as they are, alike or not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bci.errors import OutputError
from models.alignment.contact_sheet import SIDE, contact_sheet, evenly, save_sheet


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60), st.integers(1, 30))
def test_the_most_and_the_least_similar_are_on_every_sheet(values, n):
    similarity = np.array(values, np.float32)
    rows = evenly(similarity, n)
    assert len(rows) == len(set(rows.tolist())) <= n
    assert similarity[rows[0]] == similarity.max()
    assert (np.diff(similarity[rows]) <= 0).all()
    if n > 1:
        assert similarity[rows[-1]] == similarity.min()


@pytest.mark.parametrize("n", [1, 6, 7, 24])
def test_pictures_of_any_shape_lie_side_by_side(n):
    red, blue = Image.new("RGB", (300, 100), "red"), Image.new("RGB", (5, 9), "blue")
    sheet = contact_sheet([(red, blue, f"{0.5:.3f}")] * n)
    pixels = np.asarray(sheet)
    assert (pixels == (255, 0, 0)).all(axis=2).sum() == n * SIDE**2
    assert (pixels == (0, 0, 255)).all(axis=2).sum() == n * SIDE**2


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError, match="cannot write"):
        save_sheet(tmp_path / "no" / "sheet.png", Image.new("RGB", (2, 2)))
