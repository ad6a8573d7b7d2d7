"""What cuts a stream into the epochs that a bundle was trained on."""

from bci.clock import Clock
from bci.decoder import Decoder
from bci.epochs import Epocher
from bci.errors import MismatchError
from bci.montage import canonical
from bci.types import StreamSpec
from models.bundle import Bundle

__all__ = ["check_reference", "make_epocher"]


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
