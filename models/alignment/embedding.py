"""Embedding many epochs: from EEG alone, or asked by fMRI, some at a time and without gradients."""

import numpy as np
import torch
from numpy.typing import NDArray

from models.alignment.model import AlignmentModel
from models.alignment.pairs import Rows

__all__ = ["embed"]

_AT_ONCE = 256


def embed(
    model: AlignmentModel, eeg: Rows, device: torch.device, fmri: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Embed epochs.

    Parameters
    ----------
    model
        On `device`, in evaluation mode.
    eeg
        (n, C, T), microvolts / 100.
    device
        Where it runs.
    fmri
        (n, F) vectors that ask, centred and scaled; the learned queries ask by default.

    Returns
    -------
    aligned
        (n, F) float32.
    """
    blocks = []
    with torch.inference_mode():
        for first in range(0, len(eeg), _AT_ONCE):
            rows = np.arange(first, min(first + _AT_ONCE, len(eeg)))
            epochs = torch.from_numpy(np.array(eeg[rows])).to(device)
            if fmri is None:
                found = model.eeg(epochs)
            else:
                asked = torch.ones(len(rows), dtype=torch.bool, device=device)
                found = model(epochs, torch.from_numpy(fmri[rows]).to(device), asked)
            blocks.append(found.float().cpu().numpy())
    return np.concatenate(blocks)
