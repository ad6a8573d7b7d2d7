from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bci.errors import MismatchError
from models.bundle import load_bundle
from models.reconstruction.evaluate import generate
from models.reconstruction.painter import load_painter
from models.reconstruction.sources import load_data
from models.reconstruction.train import train_reconstruction
from models.runtime import load_decoder


def test_what_is_painted_live_is_what_was_judged(painted, bundle, data):
    painter = load_painter(painted.folder, bundle.id)
    judged = generate(painted.result, data.test)
    for row in (0, 7):
        embedding = data.test.inputs(np.array([row]))[0]
        picture = painter.paint(embedding)
        assert picture.shape == (224, 224, 3)
        assert picture.dtype == np.uint8
        assert np.abs(picture.astype(int) - judged[row]).max() <= 1  # a batch of one rounds otherwise


@pytest.fixture(scope="module")
def choosing(small, tmp_path_factory):
    """Return a reconstruction that is told what there is to choose from, its folder, and its data."""
    told = small(data={"candidates": True}, train={"epochs": 1, "sheet_every": 0})
    data, folder = load_data(told), tmp_path_factory.mktemp("choosing") / "painted"
    return SimpleNamespace(result=train_reconstruction(told, data.train, folder), folder=folder, data=data)


def test_among_the_concepts_of_a_session_what_is_painted_is_what_was_judged(choosing, bundle, data):
    bank = data.test.world.test_bank
    prototypes = load_decoder(load_bundle(bundle.folder), bank, "cpu").prototypes
    painter = load_painter(choosing.folder, bundle.id, prototypes)
    judged = generate(choosing.result, choosing.data.test)
    embedding = data.test.inputs(np.array([3]))[0]
    assert np.abs(painter.paint(embedding).astype(int) - judged[3]).max() <= 1


def test_without_the_concepts_of_a_session_nothing_is_chosen_among_them(choosing, bundle):
    with pytest.raises(MismatchError, match="train one without --data.candidates"):
        load_painter(choosing.folder, bundle.id)


def test_painting_leaves_torchs_threads_as_they_were(painted, bundle, data):
    before = torch.get_num_threads()
    load_painter(painted.folder, bundle.id).paint(data.test.inputs(np.array([0]))[0])
    assert torch.get_num_threads() == before


def test_another_decoder_or_another_length_is_refused(painted, bundle):
    with pytest.raises(MismatchError, match="decodes with 12345678"):
        load_painter(painted.folder, "12345678")
    with pytest.raises(MismatchError, match="expected an embedding of"):
        load_painter(painted.folder, bundle.id).paint(np.zeros(3, np.float32))


def test_a_reconstruction_from_epochs_does_not_paint_live(small, data, tmp_path, bundle):
    own = replace(data.train, spec=replace(data.train.spec, decoder=""))
    train_reconstruction(small(train={"epochs": 1, "sheet_every": 0}), own, tmp_path)
    with pytest.raises(MismatchError, match="embeddings of its decoder"):
        load_painter(tmp_path, bundle.id)
