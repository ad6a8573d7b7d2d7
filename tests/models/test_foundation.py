import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bci.bank import load_bank
from bci.errors import BciError, ConfigError, FormatError
from bci.preprocess import scale_epochs
from models.bundle import load_bundle, save_bundle
from models.encoders import build_encoder
from models.encoders.pretrained import read_weights
from models.runtime import load_decoder
from models.train import train

pytest.importorskip("braindecode", reason="needs the extra [foundation]")
hub_errors = pytest.importorskip("huggingface_hub.errors", reason="needs the extra [foundation]")

CHANNELS = ("O1", "Oz", "O2", "Pz")
SMALL = {"n_layer": 1, "dim_feedforward": 32}


def build(channels=CHANNELS, n_times=250, sfreq=250.0, **options):
    return build_encoder("braindecode", len(channels), n_times, sfreq, {"dim": 8, **options}, channels=channels)


def cbramod(**options):
    return build(model="CBraMod", settings=SMALL, **options)


@pytest.fixture
def weights(tmp_path):
    """Weights of a small CBraMod in three forms, as they are published."""
    torch.manual_seed(5)
    state = cbramod().model.state_dict()
    save_file(state, tmp_path / "weights.safetensors")
    torch.save(state, tmp_path / "weights.pth")
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "checkpoint.bin")
    return state, tmp_path


# --------------------------------------------------------------------------------------------------- resampling


def resampled(signal, sfreq, rate):
    encoder = build(("Oz",), len(signal), sfreq, rate=rate)
    return signal if encoder.grid is None else signal @ encoder.grid.numpy()


def test_a_sine_keeps_its_course_at_the_models_rate():
    before, after = np.arange(250) / 250, np.arange(200) / 200
    found = resampled(np.sin(2 * np.pi * 10 * before), 250.0, 200.0)
    assert np.allclose(found[20:180], np.sin(2 * np.pi * 10 * after)[20:180], atol=0.01)


def test_what_the_models_rate_cannot_hold_is_taken_out():
    times = np.arange(1000) / 1000
    found = resampled(np.sin(2 * np.pi * 150 * times), 1000.0, 200.0)  # would become 50 Hz
    assert np.abs(found[20:180]).max() < 0.02


def test_a_slow_drift_has_no_edges():
    found = resampled(np.linspace(-3.0, 5.0, 250), 250.0, 200.0)
    assert np.allclose(found, np.linspace(-3.0, 5.0 - 8 / 249 / 4, 200), atol=0.02)


@pytest.mark.parametrize(
    ("model", "n_times", "sfreq", "fed"),
    [
        ("CBraMod", 250, 250.0, 200),  # a second is one patch
        ("CBraMod", 301, 250.0, 400),
        ("CBraMod", 102, 128.0, 200),
        ("EEGNet", 13, 128.0, 128),
        ("EEGNet", 500, 250.0, 500),
    ],
)
def test_windows_are_whole_patches_or_a_second_at_least(model, n_times, sfreq, fed):
    encoder = build(n_times=n_times, sfreq=sfreq, model=model, settings=SMALL if model == "CBraMod" else {})
    assert encoder.model.n_times == fed
    if encoder.grid is not None:
        assert encoder.grid.shape == (n_times, fed)
        assert not encoder.grid[:, round(n_times / sfreq * encoder.model.sfreq) + 1 :].any()


def test_epochs_at_the_models_own_rate_pass_unchanged():
    assert build(n_times=200, sfreq=200.0, model="CBraMod", settings=SMALL).grid is None


# --------------------------------------------------------------------------------------------------- which model


def test_a_model_learns_which_electrode_is_which():
    options = {"model": "Labram", "settings": {"num_layers": 1, "use_abs_pos_emb": True}}
    torch.manual_seed(0)
    here = build(("O1", "T3", "Fz"), **options).eval()
    there = build(("O1", "T7", "Cz"), **options).eval()
    there.load_state_dict(here.state_dict())
    epochs = torch.randn(2, 3, 250)
    assert not torch.allclose(here(epochs), there(epochs), atol=1e-6)
    renamed = build(("o1", "T7", "FZ"), **options).eval()
    renamed.load_state_dict(here.state_dict())
    assert torch.equal(here(epochs), renamed(epochs))


def test_labels_come_from_the_preprocessing_not_from_options():
    with pytest.raises(ConfigError, match="encoder 'braindecode' has no option 'channels'"):
        build_encoder("braindecode", 2, 64, 128.0, {"channels": ["O1", "O2"]})


def test_an_unknown_model_is_refused_with_the_nearest():
    with pytest.raises(
        ConfigError, match="braindecode has no model 'CBraMood'; the nearest known one is 'CBraMod'"
    ):
        build(model="CBraMood")


def test_an_unknown_setting_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="CBraMod has no setting 'n_layers'; the nearest known one is 'n_layer'"):
        build(model="CBraMod", settings={"n_layers": 2})


def test_a_model_that_does_not_embed_is_refused():
    with pytest.raises(ConfigError, match=r"expected embeddings of shape \(1, 8\) from braindecode's SignalJEPA"):
        build(model="SignalJEPA")


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "braindecode.models", None)
    with pytest.raises(ConfigError, match=r"pip install 'bci-live\[foundation\]'"):
        build()


def test_the_library_is_loaded_when_it_is_used():
    code = (
        "import sys; from models.encoders import build_encoder, encoder_options; "
        "encoder_options('braindecode'); build_encoder('nice', 4, 64, 128.0, {}); "
        "sys.exit('braindecode' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --------------------------------------------------------------------------------------------- pretrained weights


@pytest.mark.parametrize("file", ["weights.safetensors", "weights.pth", "checkpoint.bin"])
def test_all_but_the_head_starts_from_pretrained_weights(weights, file, monkeypatch):
    state, folder = weights
    monkeypatch.setenv("WEIGHTS", str(folder))
    found = cbramod(pretrained="${WEIGHTS}/" + file).model.state_dict()
    for name, tensor in state.items():
        assert torch.equal(found[name], tensor) != name.startswith("final_layer"), name


def test_a_head_for_another_space_or_montage_does_no_harm(weights):
    _, folder = weights
    options = {"model": "CBraMod", "settings": SMALL, "pretrained": str(folder / "weights.pth")}
    encoder = build(("Fz", "Cz"), **options, fresh=["final_layer"])
    assert encoder(torch.randn(3, 2, 250)).shape == (3, 8)


def test_weights_of_another_size_are_refused(weights):
    _, folder = weights
    with pytest.raises(
        FormatError, match="expected a tensor 'encoder.layers.1.* got none: set the model's settings"
    ):
        build(model="CBraMod", settings={**SMALL, "n_layer": 2}, pretrained=str(folder / "weights.pth"))
    with pytest.raises(FormatError, match=r"of \(48, 200\) in the weights .* got one of \(32, 200\)"):
        build(model="CBraMod", settings={**SMALL, "dim_feedforward": 48}, pretrained=str(folder / "weights.pth"))


def test_frozen_parts_learn_nothing_and_drop_nothing(weights):
    _, folder = weights
    encoder = cbramod(pretrained=str(folder / "weights.pth"), freeze=True, dropout=0.5).train()
    learning = {name for name, parameter in encoder.named_parameters() if parameter.requires_grad}
    assert learning == {"model.final_layer.1.weight", "model.final_layer.1.bias"}
    epochs = torch.randn(2, 4, 250)
    assert torch.equal(encoder(epochs), encoder(epochs))


def test_a_part_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="no submodule 'final_laier'; the nearest known one is 'final_layer'"):
        cbramod(fresh=["final_laier"], freeze=True)


def test_code_in_a_file_of_weights_is_not_run(tmp_path):
    class Runs:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    torch.save({"weight": Runs()}, tmp_path / "weights.pth")
    with pytest.raises(FormatError):
        read_weights(str(tmp_path / "weights.pth"))
    (tmp_path / "old.bin").write_bytes(pickle.dumps(Runs(), protocol=2))
    with pytest.raises(FormatError):
        read_weights(str(tmp_path / "old.bin"))


def test_damaged_and_missing_files_are_named(tmp_path):
    (tmp_path / "half.safetensors").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(FormatError, match="half.safetensors: expected whole weights"):
        read_weights(str(tmp_path / "half.safetensors"))
    with pytest.raises(ConfigError, match="no such file of pretrained weights: 'weights.pth'"):
        read_weights("weights.pth")


def test_a_model_on_the_hub_is_fetched_by_its_name(weights, monkeypatch):
    state, folder = weights
    asked = []

    def download(repo_id, filename):
        asked.append((repo_id, filename))
        if filename == "model.safetensors":
            raise hub_errors.EntryNotFoundError("404")
        return str(folder / "weights.pth")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert read_weights("somebody/something").keys() == state.keys()
    assert asked == [("somebody/something", "model.safetensors"), ("somebody/something", "pytorch_model.bin")]


def test_an_unreachable_hub_is_one_clear_line(monkeypatch):
    def download(repo_id, filename):
        raise hub_errors.LocalEntryNotFoundError("no connection\nand nothing cached")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(
        BciError, match="cannot fetch .*'somebody/something'.*: no connection and nothing.*; go online"
    ):
        read_weights("somebody/something")


def test_a_bundle_needs_neither_the_hub_nor_the_file_again(tiny_with, weights, tmp_path):
    _, folder = weights
    pretrained = folder / "weights.pth"
    options = {"model": "CBraMod", "settings": SMALL, "pretrained": str(pretrained), "freeze": True, "dim": 8}
    tiny = tiny_with(
        data={"reader": "none"}, train={"epochs": 1}, decoder={"name": "braindecode", "options": options}
    )
    bundle = train(tiny.trials, tiny.bank, tiny.config)
    pretrained.unlink()
    save_bundle(tmp_path / "bundle", bundle)
    epochs = scale_epochs(tiny.trials.data[:4], bundle.preprocess, bundle.whitening)
    bank = load_bank(tmp_path / "bundle" / "bank.safetensors")
    loaded = load_decoder(load_bundle(tmp_path / "bundle"), bank, device="cpu").scores(epochs)
    assert np.array_equal(loaded, load_decoder(bundle, device="cpu").scores(epochs))


@pytest.mark.parametrize("options", [{"model": "EEGNet"}, {"model": "CBraMod", "settings": SMALL}])
def test_what_can_be_learned_is_learned(tiny_with, options, scores_of):
    tiny = tiny_with(
        train={"epochs": 60, "lr": 1e-2}, decoder={"name": "braindecode", "options": {"dim": 16, **options}}
    )
    found = scores_of(train(tiny.trials, tiny.bank, tiny.config), tiny.trials).argmax(axis=1)
    assert np.mean(found == tiny.trials.concepts) > 0.8  # chance is 1 in 6
