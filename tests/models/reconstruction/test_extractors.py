import numpy as np
import pytest
import torch

from bci.errors import FormatError
from models.reconstruction.extractors import EXTRACTORS, find_weights, load_extractor


def test_weights_are_looked_for_by_the_names_that_they_are_published_under(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))
    published = EXTRACTORS["AlexNet-2"]
    assert find_weights(published, tmp_path) is None
    (tmp_path / published.files[0]).touch()
    assert find_weights(published, tmp_path) == tmp_path / published.files[0]
    assert find_weights(published, None) is None


@pytest.mark.parametrize("name", ["EffNet-B1", "SwAV"])
def test_features_of_a_published_network_come_from_its_layer(name, tmp_path):
    published = EXTRACTORS[name]
    network = published.build()
    state = network.state_dict()
    if name == "SwAV":  # as its authors wrote it: wrapped, without a head, with heads of its own
        state = {f"module.{key}": value for key, value in state.items() if not key.startswith("fc.")}
        state["module.projection_head.0.weight"] = torch.zeros(2, 2)
    file = tmp_path / published.files[0]
    torch.save(state, file)
    pictures = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    features = load_extractor(published, file).features(pictures)
    assert features.shape[0] == 2
    assert np.isfinite(features).all()


def test_weights_of_another_network_are_refused(tmp_path):
    file = tmp_path / "alexnet-owt-7be5be79.pth"
    torch.save({"weight": torch.zeros(3)}, file)
    with pytest.raises(FormatError, match="does not hold the weights"):
        load_extractor(EXTRACTORS["AlexNet-2"], file)
    file.write_bytes(b"no weights")
    with pytest.raises(FormatError, match="does not hold the weights"):
        load_extractor(EXTRACTORS["AlexNet-2"], file)
