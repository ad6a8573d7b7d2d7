"""The painter of a live session: a picture from the embedding that a decision carries, by no encoder besides."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bci.errors import MismatchError
from models.reconstruction.belief import believed
from models.reconstruction.networks import Networks
from models.reconstruction.pairs import Pixels, as_pictures
from models.reconstruction.store import load_reconstruction
from models.torch_threads import threads

__all__ = ["SIDE", "Painter", "load_painter"]

SIDE = 224
"""Of what is painted, pixels."""


@dataclass(frozen=True)
class Painter:
    """Paints what a decoder's embedding says was seen.

    Parameters
    ----------
    networks
        On the processor, ready to generate.
    dim
        Length of the embeddings.
    decoder
        Id of the bundle that makes them.
    id
        Of the reconstruction.
    candidates
        (N, dim) prototypes of the concepts that there are to choose from, and the temperature of their softmax;
        None of a reconstruction that encodes embeddings as they are.
    """

    networks: Networks
    dim: int
    decoder: str
    id: str
    candidates: tuple[NDArray[np.float32], float] | None = None

    def paint(self, embedding: NDArray[np.float32]) -> Pixels:
        """Paint an embedding (D,) as a picture (224, 224, 3) uint8: the mean of its posterior, without noise.

        Torch takes one thread meanwhile: the other cores decode.

        Raises
        ------
        MismatchError
            If the embedding has another length.
        """
        if embedding.shape != (self.dim,):
            raise MismatchError(f"expected an embedding of {self.dim} numbers, got {embedding.shape}")
        inputs = torch.from_numpy(self._encoded(embedding[None].astype(np.float32)))
        with torch.inference_mode(), threads(1):
            generated = self.networks.generator(self.networks.encoder(inputs).mean)
        picture: Pixels = as_pictures(generated, SIDE)[0]
        return picture

    def _encoded(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        return embeddings if self.candidates is None else believed(embeddings, *self.candidates)

    def close(self) -> None:
        """Let go: there is nothing to be let go of."""


def load_painter(folder: Path, decoder_id: str, prototypes: NDArray[np.float32] | None = None) -> Painter:
    """Load the painter of a trained reconstruction.

    Parameters
    ----------
    folder
        Of the training.
    decoder_id
        Id of the bundle whose decisions are to be painted.
    prototypes
        (N, D) of the concepts that it ranks, in the space of its embeddings, for a reconstruction that is told
        what there is to choose from.

    Raises
    ------
    MismatchError
        If the reconstruction was not trained on embeddings, or on those of another decoder, or lacks prototypes.
    FormatError
        If the folder is not whole.
    """
    found = load_reconstruction(folder)
    if not found.spec.decoder:
        raise MismatchError(
            f"{folder} encodes {'epochs' if len(found.spec.shape) == 2 else 'features'} by itself: a live session "
            "paints from the embeddings of its decoder; train one with --data.bundle"
        )
    if found.spec.decoder != decoder_id:
        raise MismatchError(
            f"{folder} paints embeddings of decoder {found.spec.decoder}, this session decodes with {decoder_id}: "
            "name the reconstruction that was trained with this bundle"
        )
    temperature, candidates = found.spec.temperature, None
    if temperature is not None:
        if prototypes is None:
            raise MismatchError(
                f"{folder} paints what is likely among the concepts of a session, of which this decoder holds no "
                "prototypes: train one without --data.candidates"
            )
        candidates = prototypes, temperature
    return Painter(found.networks(), found.spec.shape[0], decoder_id, found.id, candidates)
