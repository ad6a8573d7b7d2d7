import pytest
import torch

from bci.config import config_folders, load_config, read_toml
from models.aligner import build_aligner
from models.config import ExperimentConfig
from models.encoders import DIM, ENCODERS

EXPERIMENTS = {
    file.stem: load_config(ExperimentConfig, str(file))
    for folder in config_folders()
    for file in sorted(folder.glob("*.toml"))
    if "decoder" in read_toml(file)
}
NETWORKS = sorted(name for name, config in EXPERIMENTS.items() if config.decoder.name in ENCODERS)


def build(name, n_features=None):
    config = EXPERIMENTS[name]
    dim = config.decoder.options.get("dim", DIM)
    if n_features is None:
        n_features = dim if config.projection.name == "identity" else 12 * 16
    return build_aligner(config, n_features).eval(), dim, n_features


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_of_a_config_can_be_built_and_run(name):
    aligner, dim, n_features = build(name)
    spec = EXPERIMENTS[name].preprocess
    with torch.inference_mode():
        assert aligner.embed(torch.randn(2, len(spec.channels), spec.n_times)).shape == (2, dim)
        assert aligner.project(torch.randn(3, n_features)).shape == (3, dim)


def test_every_config_says_what_it_is():
    assert all(config.name == name and config.title for name, config in EXPERIMENTS.items())


@pytest.mark.parametrize(
    ("name", "n_features", "layers"),
    [
        ("things-eeg2-eeg-project", 1024, {"first": (17 * 250, 1024), "head": (1024, 512)}),
        (
            "things-eeg2-blur-bank",
            12 * 1024,
            {"temporal.0": (250, 200), "temporal.3": (200, 200), "head": (5000, 1024)},
        ),
        ("things-eeg2-nice", 768, {"head": (1440, 768)}),
        (
            "things-eeg2-channel-attention",
            512,
            {"tokens.0": (250, 128), "tokens.3": (128, 32), "head": (63 * 32, 128)},
        ),
    ],
)
def test_recipes_have_the_published_sizes(name, n_features, layers):
    aligner, _, _ = build(name, n_features)
    for layer, (n_in, n_out) in layers.items():
        assert aligner.encoder.get_submodule(layer).weight.shape == (n_out, n_in), layer
