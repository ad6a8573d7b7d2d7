"""How near aligned EEG comes to its fMRI, from EEG alone: squared error, cosine, and retrieval both ways."""

import numpy as np
import torch
from numpy.typing import NDArray

from bci.ranking import unit
from models.alignment.embedding import embed
from models.alignment.model import AlignmentModel
from models.alignment.pairs import Pairs
from models.alignment.retrieval import eeg_to_fmri, fmri_to_eeg, ranks, summary
from models.alignment.targets import Targets

__all__ = ["figures", "validate"]


def validate(model: AlignmentModel, pairs: Pairs, targets: Targets, device: torch.device) -> dict[str, float]:
    """Return the figures of a part by name; see `figures`.

    Parameters
    ----------
    model
        In evaluation mode, on `device`.
    pairs
        Of one part.
    targets
        As they were fitted to the training part.
    """
    aligned = embed(model, pairs.eeg, device)
    fmri = targets(np.asarray(pairs.fmri[np.arange(len(pairs))]))
    return figures(aligned, fmri, pairs)


def figures(aligned: NDArray[np.float32], fmri: NDArray[np.float32], pairs: Pairs) -> dict[str, float]:
    """Compare aligned EEG with fMRI.

    Parameters
    ----------
    aligned, fmri
        (n, F).
    pairs
        (n,) that they are of.

    Returns
    -------
    figures
        `mse` (1 is what the mean reaches), `cosine`, and `eeg_to_fmri/...`, `fmri_to_eeg/...` as
        `models.alignment.retrieval.summary` names them.
    """
    found = {
        "mse": float(((aligned - fmri) ** 2).mean()),
        "cosine": float((unit(aligned) * unit(fmri)).sum(axis=1).mean()),
    }
    there, back = eeg_to_fmri(pairs), fmri_to_eeg(pairs)
    ways = {
        "eeg_to_fmri": ranks(there, aligned[there.queries], fmri[there.gallery])[0],
        "fmri_to_eeg": ranks(back, fmri[back.queries], aligned[back.gallery])[0],
    }
    return found | {f"{way}/{name}": value for way, one in ways.items() for name, value in summary(one).items()}
