import numpy as np
import torch
from known_signal import known_config, known_pairs

from models.alignment.model import build_model


def build():
    torch.manual_seed(0)
    pairs = known_pairs().pairs
    model = build_model(known_config().model, pairs).eval()
    epochs, fmri = (torch.from_numpy(np.array(each[:6])) for each in (pairs.eeg, pairs.fmri))
    return model, epochs, fmri


def test_epochs_that_no_fmri_asks_are_encoded_as_they_are_live():
    model, epochs, fmri = build()
    asked = torch.tensor([True, False] * 3)
    mixed = model(epochs, fmri, asked)
    assert torch.allclose(mixed[1::2], model.eeg(epochs)[1::2], atol=1e-6)
    assert not torch.allclose(mixed[::2], model.eeg(epochs)[::2], atol=1e-4)


def test_other_fmri_changes_nothing_but_what_it_asks():
    model, epochs, fmri = build()
    asked = torch.tensor([True, False] * 3)
    one, other = model(epochs, fmri, asked), model(epochs, fmri.flip(0), asked)
    assert torch.equal(one[1::2], other[1::2])
    assert not torch.allclose(one[::2], other[::2], atol=1e-5)
