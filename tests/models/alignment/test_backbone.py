import pytest
import torch
from safetensors.torch import save_file

from models.alignment.backbone import build_backbone

SMALL = {"settings": {"n_layer": 1, "dim_feedforward": 32}}


def build(name="cbramod", n_times=200, **options):
    torch.manual_seed(0)
    channels = ("O1", "Oz", "O2")
    return build_backbone(name, 3, n_times, 200.0, options, channels, tokens=4, width=6).eval()


def test_an_encoders_embedding_is_cut_into_tokens():
    backbone, epochs = build("eeg_project", width=16), torch.randn(2, 3, 200)
    assert (backbone.n_tokens, backbone.width) == (4, 6)
    assert torch.equal(backbone(epochs).flatten(1), backbone.encoder(epochs))


@pytest.mark.parametrize(("n_times", "patches"), [(200, 1), (350, 2)])
def test_cbramod_gives_a_token_for_each_second_of_each_channel(n_times, patches):
    pytest.importorskip("braindecode", reason="needs the extra [foundation]")
    backbone = build(n_times=n_times, **SMALL)
    assert (backbone.n_tokens, backbone.width) == (3 * patches, 200)
    assert backbone(torch.randn(2, 3, n_times)).shape == (2, 3 * patches, 200)


def test_cbramod_starts_from_pretrained_weights_and_keeps_no_head(tmp_path):
    pytest.importorskip("braindecode", reason="needs the extra [foundation]")
    state = {name: tensor + 1 for name, tensor in build(**SMALL).encoder.model.state_dict().items()}
    assert not any("final_layer" in name for name in state)
    save_file(state, tmp_path / "cbramod.safetensors")
    found = build(**SMALL, pretrained=str(tmp_path / "cbramod.safetensors")).encoder.model.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in state.items())
