import pytest
import torch

from models.augment import add_noise, drop_channels, mix_with, shift_in_time


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def test_shift_moves_a_ramp_by_whole_samples_and_holds_its_edges(generator):
    ramp = torch.arange(20.0).expand(64, 3, 20)
    moved = shift_in_time(ramp, 4, generator)
    shifts = (ramp - moved)[:, 0, 10]
    assert set(shifts.tolist()) == set(range(-4, 5))
    expected = (torch.arange(20.0) - shifts[:, None]).clamp(0, 19)
    assert torch.equal(moved, expected[:, None, :].expand(-1, 3, -1))


def test_noise_has_the_share_asked_for(generator):
    epochs = torch.cat(
        [torch.randn(4, 8, 500, generator=generator), 10 * torch.randn(4, 8, 500, generator=generator)]
    )
    added = add_noise(epochs, 0.5, generator) - epochs
    ratio = added.std(dim=(1, 2)) / epochs.std(dim=(1, 2))
    assert torch.allclose(ratio, torch.full((8,), 0.5), rtol=0.05)


def test_dropped_channels_are_zero_and_the_others_untouched(generator):
    epochs = torch.randn(200, 10, 5, generator=generator)
    dropped = drop_channels(epochs, 0.25, generator)
    silent = (dropped == 0).all(dim=2)
    assert 0.2 < silent.float().mean() < 0.3
    assert torch.equal(dropped[~silent], epochs[~silent])


def test_mixing_averages_some_and_leaves_the_others(generator):
    mixed = mix_with(torch.zeros(400, 2, 3), torch.ones(400, 2, 3), 0.25, generator)
    assert set(mixed.unique().tolist()) == {0.0, 0.5}
    share = (mixed[:, 0, 0] == 0.5).float().mean()
    assert 0.19 < share < 0.31


def test_nothing_is_changed_in_place(generator):
    epochs = torch.randn(4, 3, 10, generator=generator)
    before = epochs.clone()
    shift_in_time(epochs, 2, generator)
    add_noise(epochs, 0.1, generator)
    drop_channels(epochs, 0.5, generator)
    mix_with(epochs, epochs.flip(0), 0.5, generator)
    assert torch.equal(epochs, before)
