import json

import numpy as np
import pytest
import torch
from PIL import Image

from bci.config import parse
from bci.errors import BciError, ConfigError, FormatError, MismatchError
from models.reconstruction.config import LookingConfig, SemanticConfig
from models.reconstruction.curve import read_curve
from models.reconstruction.pairs import as_tensor
from models.reconstruction.semantic import load_semantic
from models.reconstruction.store import load_reconstruction
from models.reconstruction.train import Training, train_reconstruction
from models.reconstruction.world_clip import CONFIG, WEIGHTS, write_world_clip


def test_training_leaves_weights_curve_and_samples(painted):
    assert load_reconstruction(painted.folder).id == painted.result.id
    curve = read_curve(painted.folder)
    assert [line["epoch"] for line in curve] == [1, 2]
    assert {"schema", "discriminator", "adversarial", "l1", "kl", "validation_l1"} <= curve[0].keys()
    with Image.open(painted.folder / "visualizations" / "epoch-002.png") as sheet:
        assert sheet.height == 2 * (28 + 4)


def test_a_decoders_embeddings_are_of_a_session_that_it_was_not_trained_on(data):
    assert "not trained on" in data.train.about["inputs"]
    assert set(data.train.names).isdisjoint(data.test.names)


class _StopError(Exception):
    pass


def test_an_interrupted_training_goes_on_bit_for_bit(small, data, painted, tmp_path):
    def stop(progress):
        if progress.step > progress.steps // 2:
            raise _StopError

    with pytest.raises(_StopError):
        train_reconstruction(small(), data.train, tmp_path, stop)
    assert [line["epoch"] for line in read_curve(tmp_path)] == [1]
    assert train_reconstruction(small(), data.train, tmp_path).id == painted.result.id
    assert read_curve(tmp_path) == read_curve(painted.folder)


def test_a_checkpoint_of_another_training_is_refused(small, data, painted):
    with pytest.raises(MismatchError, match="another config"):
        train_reconstruction(small(train={"lr": 2e-3}), data.train, painted.folder)


def test_concepts_of_the_validation_are_not_trained_on(data):
    train, left_out = data.train.split(0.2, seed=0)
    assert set(train.concepts).isdisjoint(left_out.concepts)
    assert len(train) + len(left_out) == len(data.train)


@pytest.fixture(scope="module")
def clip(data, tmp_path_factory):
    """Return the config of a semantic loss by a CLIP of the tiny world."""
    folder = tmp_path_factory.mktemp("clip") / "clip"
    write_world_clip(folder, data.train.world, LookingConfig(pictures=256, passes=1))
    return {"config": str(folder / CONFIG), "weights": str(folder / WEIGHTS)}


def test_the_semantic_loss_pulls_pixels_and_its_network_stays_as_it_was(clip, data):
    semantic = load_semantic(parse(SemanticConfig, clip, "test"))
    before = {name: tensor.clone() for name, tensor in semantic.network.state_dict().items()}
    true = as_tensor(data.train.pictures(np.arange(4), 28))
    pixels = as_tensor(data.train.pictures(np.arange(40, 44), 28)).requires_grad_()
    start = semantic(pixels, true)
    (slope,) = torch.autograd.grad(start, pixels)
    moved = semantic(pixels - 0.1 * slope / slope.norm(), true)
    assert semantic(true, true) == pytest.approx(0, abs=1e-5)
    assert 0 < moved < start
    assert all((before[name] == tensor).all() for name, tensor in semantic.network.state_dict().items())


def test_which_network_was_the_semantic_loss_stands_in_the_card(small, clip, data, tmp_path):
    config = small(weights={"semantic": 5.0}, semantic=clip, train={"epochs": 1, "sheet_every": 0})
    card = train_reconstruction(config, data.train, tmp_path).card
    assert card["semantic"]["model"].startswith("world-clip")
    assert read_curve(tmp_path)[0]["semantic"] > 0


def test_a_semantic_loss_without_weights_is_refused(small, data):
    with pytest.raises(ConfigError, match="weights.semantic = 0"):
        Training(small(weights={"semantic": 5.0}), data.train)


def test_training_that_diverges_says_so(small, data, tmp_path):
    with pytest.raises(BciError, match=r"train\.lr below"):
        train_reconstruction(small(train={"lr": 1e30}), data.train, tmp_path)


def test_a_folder_whose_files_do_not_belong_together_is_refused(painted, tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    for file in (painted.folder / "models").glob("*.*"):
        (models / file.name).write_bytes(file.read_bytes())
    body = json.loads((models / "reconstruction.json").read_text())
    (models / "reconstruction.json").write_text(json.dumps({**body, "id": "00000000"}))
    with pytest.raises(FormatError, match="copy it again"):
        load_reconstruction(tmp_path)
    with pytest.raises(FormatError, match="has none"):
        load_reconstruction(tmp_path / "models")


def test_pictures_of_trials_lie_where_trials_number_them(data):
    rows = np.array([0, 5])
    alone = data.train.part(rows)
    assert (alone.inputs(np.arange(2)) == data.train.inputs(rows)).all()
    assert (alone.concepts == data.train.concepts[rows]).all()
