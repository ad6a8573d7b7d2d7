"""Which channels of a stream become those of the decoder, and which of these are made up from the others."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.montage import match
from bci.specs import PreprocessSpec
from bci.types import StreamSpec

__all__ = ["Interpolator", "Picking", "pick_channels"]

Interpolator = Callable[[tuple[str, ...], tuple[str, ...]], NDArray[np.float64]]
"""(labels at hand, labels wanted) -> matrix (n_wanted, n_at_hand)."""


@dataclass(frozen=True, eq=False, slots=True)
class Picking:
    """Turns a stream's channels into the decoder's.

    Parameters
    ----------
    columns
        (n_used,) channels of the stream that are used.
    weights
        (n_channels, n_used) float64, what each of them adds to each channel of the decoder; None: the columns are
        these, one by one.
    made_up
        Channels of the decoder that are made up from the others.
    """

    columns: NDArray[np.intp]
    weights: NDArray[np.float64] | None = None
    made_up: tuple[str, ...] = ()

    def __call__(self, data: NDArray[np.float32]) -> NDArray[np.float64]:
        """Turn samples (n, n_stream_channels) into (n, n_channels)."""
        used = data[:, self.columns].astype(np.float64)
        if self.weights is None:
            return used
        # a sum per row, not a matrix product: BLAS rounds differently for different numbers of rows
        return np.asarray((used[:, None, :] * self.weights).sum(axis=2))


def pick_channels(
    spec: PreprocessSpec, stream: StreamSpec, interpolate: Interpolator | None, left_out: Collection[str] = ()
) -> Picking:
    """Choose a stream's channels for a decoder.

    Parameters
    ----------
    spec
        Names the decoder's channels, and says whether some may be missing.
    stream
        What comes in.
    interpolate
        How to make up channels from others; None if that cannot be done here.
    left_out
        Labels of the stream whose signal is not to be used, although it comes.

    Raises
    ------
    MismatchError
        If the stream lacks channels that must not be missing or cannot be made up, or none of what is left out.
    """
    wanted = spec.channels
    found = match(stream.labels, wanted)
    lacking = [label for label, at in zip(wanted, found, strict=True) if at is None]
    if lacking and (spec.missing == "refuse" or interpolate is None):
        raise MismatchError(
            f"expected the channels {', '.join(wanted)}; stream {stream.name!r} lacks {', '.join(lacking)} and "
            f"has {', '.join(stream.labels)}: stream the right channels, or train with "
            f'preprocess.missing = "interpolate"'
        )
    if strangers := sorted(set(left_out) - set(stream.labels)):
        raise MismatchError(f"cannot leave out {', '.join(strangers)}: stream {stream.name!r} has no such channel")
    made_up = tuple(
        label for label, at in zip(wanted, found, strict=True) if at is None or stream.labels[at] in left_out
    )
    if not made_up:
        return Picking(np.array(found, np.intp))
    if interpolate is None:
        raise MismatchError(f"cannot leave out {', '.join(made_up)}: nothing here makes them up from the others")
    columns = [column for column, label in enumerate(stream.labels) if label not in left_out]
    weights = interpolate(tuple(stream.labels[column] for column in columns), wanted)
    return Picking(np.array(columns, np.intp), weights, made_up)
