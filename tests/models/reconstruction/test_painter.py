from dataclasses import replace

import numpy as np
import pytest
import torch

from bci.errors import MismatchError
from models.reconstruction.evaluate import generate
from models.reconstruction.painter import load_painter
from models.reconstruction.train import train_reconstruction


def test_what_is_painted_live_is_what_was_judged(painted, bundle, data):
    painter = load_painter(painted.folder, bundle.id)
    judged = generate(painted.result, data.test)
    for row in (0, 7):
        embedding = data.test.inputs(np.array([row]))[0]
        picture = painter.paint(embedding)
        assert picture.shape == (224, 224, 3)
        assert picture.dtype == np.uint8
        assert np.abs(picture.astype(int) - judged[row]).max() <= 1  # a batch of one rounds otherwise


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
