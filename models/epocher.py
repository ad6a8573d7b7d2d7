"""What cuts a stream into the epochs that a bundle was trained on."""

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock
from bci.decoder import Decoder
from bci.epochs import Epocher
from bci.errors import MismatchError
from bci.montage import canonical
from bci.source import Source
from bci.types import Epoch, StreamSpec
from models.bundle import Bundle

__all__ = ["check_reference", "cut_all", "make_epocher"]


def make_epocher(bundle: Bundle, decoder: Decoder, stream: StreamSpec, clock: Clock) -> Epocher:
    """Make what cuts the epochs that a bundle was trained on.

    Raises
    ------
    MismatchError
        If the stream lacks channels, or is recorded against another reference.
    """
    from replay.spherical_splines import interpolation_matrix  # noqa: PLC0415 (heavy)

    epocher = Epocher(
        stream,
        bundle.preprocess,
        bundle.events,
        bundle.quality,
        decoder.spec.concepts,
        clock,
        whitening=bundle.whitening,
        interpolate=interpolation_matrix,
    )
    check_reference(bundle, stream)
    if bundle.personal is not None:
        epocher.preprocessor.leave_out(bundle.personal.left_out)
    return epocher


def cut_all(source: Source, epocher: Epocher) -> NDArray[np.float32]:
    """Return all epochs (n, C, T) of a source that ends, as a decoder takes them."""
    cut: list[Epoch] = []
    while (batch := source.pull(0.0)) is not None:
        cut += epocher.feed(batch)
    return np.stack([epoch.data for epoch in cut + epocher.finish() if epoch.data is not None])


def check_reference(bundle: Bundle, stream: StreamSpec) -> None:
    """Refuse a stream that is recorded against another reference than the training data.

    Raises
    ------
    MismatchError
        Naming both.
    """
    trained, given = bundle.reference, stream.reference
    if trained and given and canonical(trained) != canonical(given):
        raise MismatchError(
            f"stream {stream.name!r} is recorded against {given}, the decoder was trained on data against "
            f"{trained}: record against {trained}, or train on such data"
        )
