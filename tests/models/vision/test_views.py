"""Degraded views, against what defines them."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import correlate1d

from bci.errors import ConfigError
from models.vision.views import TRANSFORMS, Blur, LowResolution, Mosaic, Noise, find_transform

SEEDS = [(0, 1), (0, 2)]


@pytest.fixture
def pictures():
    rng = np.random.default_rng(0)
    small = [Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)) for _ in SEEDS]
    large = [np.asarray(one.resize((70, 66), Image.Resampling.BICUBIC), np.float32) for one in small]
    return torch.from_numpy(np.stack(large).transpose(0, 3, 1, 2).copy())


@pytest.mark.parametrize("size", [1, 3, 9, 15, 63])
def test_blur_is_the_gaussian_of_opencv(pictures, size):
    sd = 0.3 * ((size - 1) * 0.5 - 1) + 0.8
    kernel = np.exp(-((np.arange(size) - (size - 1) / 2) ** 2) / (2 * sd**2))
    kernel /= kernel.sum()
    expected = correlate1d(
        correlate1d(pictures.numpy(), kernel, axis=2, mode="mirror"), kernel, axis=3, mode="mirror"
    )
    np.testing.assert_allclose(Blur(size)(pictures, SEEDS).numpy(), expected, atol=2e-3)


def test_a_blur_that_reaches_beyond_the_picture_is_refused(pictures):
    with pytest.raises(
        ConfigError, match="larger than 31 pixels for a blur with kernel 63; the network takes 31 x 31"
    ):
        Blur(63)(pictures[..., :31, :31], SEEDS)


def test_noise_has_its_sd_is_clipped_and_belongs_to_the_picture():
    grey = torch.full((2, 3, 128, 128), 127.5)
    noisy = Noise(25)(grey, SEEDS)
    assert noisy.std().item() == pytest.approx(25, rel=0.02)
    assert noisy.mean().item() == pytest.approx(127.5, abs=0.3)
    torch.testing.assert_close(Noise(25)(grey[:1], SEEDS[1:])[0], noisy[1], rtol=0, atol=0)
    assert not torch.equal(noisy[0], noisy[1])
    loud = Noise(300)(grey, SEEDS)
    assert (loud.min().item(), loud.max().item()) == (0, 255)


def test_low_resolution_is_pillows_there_and_back(pictures):
    for picture, ours in zip(pictures, LowResolution(0.1)(pictures, SEEDS), strict=True):
        image = Image.fromarray(picture.numpy().transpose(1, 2, 0).astype(np.uint8))
        back = image.resize((7, 6), Image.Resampling.BILINEAR).resize(image.size, Image.Resampling.BILINEAR)
        assert np.abs(ours.numpy().transpose(1, 2, 0) - np.asarray(back, np.float32)).max() <= 1.5


def test_a_mosaic_has_tiles_of_one_colour(pictures):
    tiled = Mosaic(5)(pictures[..., :65, :70], SEEDS)
    blocks = tiled.unfold(2, 5, 5).unfold(3, 5, 5)  # (B, 3, 13, 14, 5, 5)
    assert (blocks == blocks[..., :1, :1]).all()
    middle = pictures[..., 2:65:5, 2:70:5]  # with 5 pixels to a tile the middle is a pixel
    torch.testing.assert_close(blocks[..., 0, 0], middle)


@given(value=st.floats(0, 255, width=32), name=st.sampled_from(["none", "blur_bank"]))
def test_one_colour_stays_as_it_is(value, name):
    plain = torch.full((1, 3, 40, 40), value)
    for view in (*TRANSFORMS[name].views, LowResolution(0.1), Mosaic(5)):
        torch.testing.assert_close(view(plain, SEEDS[:1]), plain, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=list(TRANSFORMS))
def test_a_view_of_one_picture_is_the_same_among_others(transform, pictures):
    for view in transform.views:
        together, alone = view(pictures, SEEDS), view(pictures[1:], SEEDS[1:])
        torch.testing.assert_close(together[1:], alone, rtol=0, atol=1e-3)


def test_sets_are_described_in_full_for_the_key():
    assert find_transform("none").describe(3) == "none"
    said = find_transform("eeg_project").describe(3)
    assert said == "eeg_project: mean of blur 15, noise 25, low resolution 0.1, mosaic 5; seed 3"
    blurs = find_transform("blur_bank")
    assert blurs.describe(3) == "blur_bank: blur " + ", blur ".join(
        map(str, (1, 3, 9, 15, 21, 27, 33, 39, 45, 51, 57, 63))
    )
    assert blurs.n_views == 12


def test_an_unknown_set_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match="got 'blurbank', the nearest one is 'blur_bank'"):
        find_transform("blurbank")
