"""What is trained: the EEG side, which decodes alone, and the query that the fMRI of a pair asks it.

In training a random share of the pairs is asked by their fMRI, the others by the learned queries, as conditions
are dropped to train a conditional and an unconditional model at once (Ho and Salimans 2022, arXiv:2207.12598).
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from models.alignment.config import ModelConfig, encoder_options
from models.encoders import build_encoder

if TYPE_CHECKING:
    from models.alignment.pairs import Pairs
    from models.encoders.fmri_aligned import FmriAligned

__all__ = ["AlignmentModel", "build_model"]


class AlignmentModel(nn.Module):
    """EEG, perhaps asked by fMRI.

    Parameters
    ----------
    eeg
        The EEG side.
    dim
        Length of the fMRI vectors.
    """

    def __init__(self, eeg: "FmriAligned", dim: int) -> None:
        super().__init__()
        self.eeg = eeg
        self.query = nn.Linear(dim, eeg.cross.width)

    def forward(self, epochs: Tensor, fmri: Tensor, asked: Tensor) -> Tensor:
        """Align epochs.

        Parameters
        ----------
        epochs
            (B, C, T).
        fmri
            (B, F) vectors that ask.
        asked
            (B,) bool: which epochs are asked by them; the others are asked by the learned queries.

        Returns
        -------
        aligned
            (B, F).
        """
        by_fmri = self.query(fmri)[:, None]  # (B, 1, width)
        query = torch.where(asked[:, None, None], by_fmri, self.eeg.cross.learned)  # (B, Q, width)
        return self.eeg.align(self.eeg.tokens(epochs), query)


def build_model(config: ModelConfig, pairs: "Pairs", *, trained: bool = False) -> AlignmentModel:
    """Build a model for pairs, from the current state of torch's random generator.

    Parameters
    ----------
    trained
        Weights of a training will be put in: pretrained ones are not looked for.

    Raises
    ------
    ConfigError
        If there is no such backbone or head, or one of their options makes no sense.
    """
    dim = pairs.fmri.shape[1]
    options = encoder_options(config, dim, trained=trained)
    _, n_channels, n_times = pairs.eeg.shape
    eeg = build_encoder("fmri_aligned", n_channels, n_times, pairs.sfreq, options, pairs.channels)
    return AlignmentModel(eeg, dim)  # type: ignore[arg-type]
