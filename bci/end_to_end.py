"""Epochs laid end to end, and decoders that were trained on nothing else.

Data that exist only as epochs were filtered, resampled and baselined before they were handed on, and nothing is
known of the time between them. A decoder of such data (`mode = "epoch"`) goes with streams of such epochs; what it
comes to on any other stream nobody has measured.
"""

from bci.errors import MismatchError
from bci.specs import PreprocessSpec
from bci.types import StreamSpec

__all__ = ["MISMATCH", "ORDER", "mismatch", "refuse_mismatch"]

ORDER = "not causal, order not original"
"""What recordings of such epochs say of themselves in `provenance["order"]`, streams in `desc/replay/order`."""

MISMATCH = (
    "trained on data that exist only as epochs, decoding a continuous stream: "
    "the accuracy that was reported does not hold here"
)


def mismatch(spec: PreprocessSpec, stream: StreamSpec) -> str | None:
    """Say what is wrong with a decoder of epochs on a continuous stream; None for all others."""
    return MISMATCH if spec.mode == "epoch" and not stream.end_to_end else None


def refuse_mismatch(spec: PreprocessSpec, stream: StreamSpec) -> None:
    """Refuse a decoder of epochs on a continuous stream.

    Raises
    ------
    MismatchError
        Saying why, and how it is decoded all the same.
    """
    if mismatch(spec, stream) is not None:
        raise MismatchError(
            "expected a stream of epochs laid end to end, because the decoder was trained on data that exist only "
            f"as epochs; got the continuous stream {stream.name!r}, on which the accuracy that was reported does "
            "not hold: train on continuous recordings, or decode all the same with --accept-mismatch"
        )
