"""What every registered encoder must do."""

import pytest
import torch

from bci.errors import ConfigError
from models.aligner import load_state, state_arrays
from models.encoders import ENCODERS, build_encoder, encoder_options

SHAPES = [
    pytest.param(63, 250, 250.0, id="actiCHamp, 1 s"),
    pytest.param(14, 128, 128.0, id="EPOC, 1 s"),
    pytest.param(4, 102, 128.0, id="Muse, 0.8 s"),
    pytest.param(17, 100, 100.0, id="17 channels at 100 Hz"),
    pytest.param(4, 13, 128.0, id="100 ms before the stimulus"),
    pytest.param(1, 500, 1000.0, id="one channel at 1 kHz"),
]
DIM = 24
CBRAMOD = {"model": "CBraMod", "settings": {"n_layer": 1, "dim_feedforward": 32}}
CASES = [*((name, {}) for name in sorted(ENCODERS)), ("braindecode", CBRAMOD)]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]} {case[1].get('model', '')}".strip())
def case(request):
    """Name of an encoder, and options."""
    if request.param[0] == "braindecode":
        pytest.importorskip("braindecode", reason="needs the extra [foundation]")
    return request.param


def build(case, n_channels=5, n_times=64, sfreq=128.0, **options):
    torch.manual_seed(0)
    return build_encoder(case[0], n_channels, n_times, sfreq, {"dim": DIM, **case[1], **options})


def random_epochs(batch, n_channels=5, n_times=64):
    return torch.randn(batch, n_channels, n_times, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("n_channels", "n_times", "sfreq"), SHAPES)
def test_any_montage_window_and_rate_gives_finite_embeddings(case, n_channels, n_times, sfreq):
    encoder = build(case, n_channels, n_times, sfreq).eval()
    for batch in (1, 3):
        embeddings = encoder(random_epochs(batch, n_channels, n_times))
        assert embeddings.shape == (batch, DIM)
        assert embeddings.dtype == torch.float32
        assert embeddings.isfinite().all()


def test_gradients_reach_every_parameter(case):
    encoder = build(case).train()
    weights = torch.randn(DIM, generator=torch.Generator().manual_seed(2))
    (encoder(random_epochs(16)) @ weights).sum().backward()
    trained = {parameter: tensor for parameter, tensor in encoder.named_parameters() if tensor.requires_grad}
    assert trained
    for parameter, tensor in trained.items():
        assert tensor.grad is not None, parameter
        assert tensor.grad.isfinite().all(), parameter
        # what stands before a normalisation may have a gradient that vanishes, but not exactly
        assert tensor.grad.abs().max() > 0, parameter


def test_the_same_seed_builds_the_same_encoder(case):
    one, other = state_arrays(build(case)), state_arrays(build(case))
    assert one.keys() == other.keys()
    assert all((one[key] == other[key]).all() for key in one)


def test_evaluation_is_deterministic(case):
    encoder, epochs = build(case).eval(), random_epochs(4)
    assert torch.equal(encoder(epochs), encoder(epochs))


def test_training_draws_from_torchs_generator(case):
    encoder, epochs = build(case).train(), random_epochs(4)
    torch.manual_seed(3)
    one = encoder(epochs)
    assert not torch.equal(encoder(epochs), one)
    torch.manual_seed(3)
    assert torch.equal(encoder(epochs), one)


def test_an_epoch_is_encoded_alike_in_any_company(case):
    encoder, epochs = build(case), random_epochs(8)
    encoder.train()(3 * epochs + 1)  # running statistics, where there are any, leave their start
    encoder.eval()
    together = encoder(epochs)
    alone = torch.cat([encoder(epoch[None]) for epoch in epochs])
    assert torch.allclose(together, alone, atol=1e-5)
    order = torch.tensor([5, 0, 7])
    assert torch.allclose(encoder(epochs[order]), together[order], atol=1e-5)


def test_weights_survive_the_way_through_numpy(case):
    encoder, epochs = build(case), random_epochs(4)
    encoder.train()(epochs)
    other = build_encoder(case[0], 5, 64, 128.0, {"dim": DIM, **case[1]})
    load_state(other, state_arrays(encoder))
    assert torch.equal(other.eval()(epochs), encoder.eval()(epochs))


def test_channels_are_told_apart(case):
    encoder, epochs = build(case).eval(), random_epochs(4)
    swapped = epochs[:, [1, 0, 2, 3, 4]]
    assert not torch.allclose(encoder(swapped), encoder(epochs), atol=1e-4)


def test_an_unknown_option_is_refused_with_the_nearest(case):
    with pytest.raises(ConfigError, match="has no option 'dropuot'; the nearest known one is 'dropout'"):
        build(case, dropuot=0.1)


def test_an_option_that_makes_no_sense_is_refused(case):
    with pytest.raises(ConfigError, match=r"cannot be built with \{.*'dropout': 1.5\}"):
        build(case, dropout=1.5)


def test_an_unknown_encoder_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="unknown encoder 'nise'; the nearest known one is 'nice'"):
        build(("nise", {}))


def test_sizes_are_at_least_one(case):
    sizes = [option for option, value in encoder_options(case[0]).items() if type(value) is int]
    assert sizes
    for option in sizes:
        with pytest.raises(ConfigError, match=f"expected at least 1 for {option!r}, got 0"):
            build_encoder(case[0], 4, 100, 100.0, {option: 0})
