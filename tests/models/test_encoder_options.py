"""Which values the options of encoders may have: a share may be zero, a size may not."""

import pytest
import torch

from bci.errors import ConfigError
from models.encoders import build_encoder


@pytest.mark.parametrize("name", ["blur_bank", "channel_attention", "eeg_project", "nice"])
@pytest.mark.parametrize("share", [0, 0.0])
def test_nothing_need_be_dropped(name, share):
    early = {"early_dropout": share} if name == "blur_bank" else {}
    encoder = build_encoder(name, 4, 64, 128.0, {"dim": 8, "dropout": share, **early}).train()
    epochs = torch.randn(5, 4, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(encoder(epochs), encoder(epochs))


@pytest.mark.parametrize(("name", "size"), [("nice", "maps"), ("blur_bank", "filters"), ("eeg_project", "dim")])
@pytest.mark.parametrize("value", [0, -3])
def test_a_size_is_at_least_one(name, size, value):
    with pytest.raises(ConfigError, match=f"encoder '{name}': expected at least 1 for '{size}', got {value}"):
        build_encoder(name, 4, 64, 128.0, {size: value})
