"""The map of voxels, from a checkpoint and fitted."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bci.errors import ConfigError, FormatError, MismatchError
from models.alignment.ridge import fit_ridge, load_mindeye2

RNG = np.random.default_rng(0)


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {
        "ridge.linears.0.weight": torch.randn(32, 20, generator=generator),
        "ridge.linears.0.bias": torch.randn(32, generator=generator),
        "ridge.linears.1.weight": torch.randn(32, 21, generator=generator),
        "ridge.linears.1.bias": torch.randn(32, generator=generator),
        "backbone.weight": torch.zeros(2),
    }


@pytest.mark.parametrize("name", ["last.pth", "ridge.safetensors"])
@pytest.mark.parametrize("unit_norm", [False, True])
def test_mindeye2_maps_as_its_own_layer_does(tmp_path, state, name, unit_norm):
    path = tmp_path / name
    if path.suffix == ".pth":
        torch.save({"epoch": 3, "model_state_dict": state, "train_losses": [0.5]}, path)
    else:
        save_file(state, path)
    voxels = RNG.normal(size=(1500, 21)).astype(np.float32)
    layer = torch.nn.Linear(21, 32)
    layer.load_state_dict({"weight": state["ridge.linears.1.weight"], "bias": state["ridge.linears.1.bias"]})
    with torch.no_grad():
        expected = layer(torch.from_numpy(voxels)).numpy()
    if unit_norm:
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    got = np.concatenate(list(load_mindeye2(str(path), 1, 21).blocks(voxels, unit_norm=unit_norm)))
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_a_checkpoint_that_does_not_fit_is_told_in_a_line(tmp_path, state):
    path = tmp_path / "ridge.safetensors"
    save_file(state, path)
    with pytest.raises(MismatchError, match=r"a map of 19 voxels as the mask has, got one of 20"):
        load_mindeye2(str(path), 0, 19)
    with pytest.raises(FormatError, match=r"ridge.linears.2.weight, it has ridge.linears.0, ridge.linears.1"):
        load_mindeye2(str(path), 2, 20)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(FormatError, match="no ridge at all"):
        load_mindeye2(str(path), 0, 20)
    with pytest.raises(ConfigError, match="no such file"):
        load_mindeye2(str(tmp_path / "none.pth"), 0, 20)
    path.write_bytes(b"nothing")
    with pytest.raises(FormatError, match="expected whole weights"):
        load_mindeye2(str(path), 0, 20)


def test_a_ridge_finds_a_linear_map():
    voxels = RNG.normal(size=(400, 30)).astype(np.float32)
    weights = RNG.normal(size=(30, 5))
    targets = (voxels @ weights + 3 + 0.1 * RNG.normal(size=(400, 5))).astype(np.float32)
    fitted = fit_ridge(voxels[:300], targets[:300])
    (predicted,) = fitted.blocks(voxels[300:], unit_norm=False)
    assert predicted.dtype == np.float32
    assert np.corrcoef(predicted.ravel(), targets[300:].ravel())[0, 1] > 0.99
    assert "fitted to 300 pictures" in fitted.source
    with pytest.raises(ConfigError, match="at least three training pictures"):
        fit_ridge(voxels[:2], targets[:2])
