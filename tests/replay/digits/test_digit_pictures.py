import numpy as np
import pytest
from mnist_files import write_idx, write_mnist

from bci.errors import FormatError
from replay.digits.pictures import open_pictures


def test_the_pictures_that_come_with_scikit_learn():
    pictures = open_pictures("sklearn")
    assert pictures.pixels.shape == (1797, 8, 8, 1)
    assert pictures.pixels.dtype == np.uint8
    assert (pictures.pixels.min(), pictures.pixels.max()) == (0, 255)
    assert set(pictures.digits) == set(range(10))
    assert pictures.licence == "CC BY 4.0"


def test_both_parts_of_mnist(tmp_path):
    pictures = open_pictures(str(write_mnist(tmp_path)))
    assert pictures.pixels.shape == (120, 5, 5, 1)
    assert np.bincount(pictures.digits).tolist() == [12] * 10
    assert not pictures.pixels.flags.writeable


def test_a_copy_of_a_picture_is_left_out(tmp_path):
    pixels = np.arange(4 * 9).reshape(4, 3, 3)
    pixels[3] = pixels[1]
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", pixels)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([5, 6, 7, 6]))
    pictures = open_pictures(str(tmp_path))
    assert pictures.digits.tolist() == [5, 6, 7]
    assert (pictures.pixels[..., 0] == pixels[:3]).all()


def test_a_folder_without_mnist_is_refused_with_the_command(tmp_path):
    with pytest.raises(FormatError, match="bci fetch mnist"):
        open_pictures(str(tmp_path))


@pytest.mark.parametrize("labels", [np.zeros(59), np.full(60, 10)])
def test_labels_that_do_not_fit_are_refused(tmp_path, labels):
    write_mnist(tmp_path)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", labels)
    with pytest.raises(FormatError, match="a digit from 0 to 9 for each"):
        open_pictures(str(tmp_path))
