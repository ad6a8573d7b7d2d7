"""What is known against an epoch before it is decoded: channels that span too much or too little."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.specs import QualitySpec
from bci.types import Flag, Status

__all__ = ["assess"]


def assess(epoch: NDArray[np.float32], labels: Sequence[str], spec: QualitySpec) -> tuple[Flag, ...]:
    """Flag an epoch (n_channels, n_times), in microvolts, whose channels leave their bounds."""
    if spec.peak_to_peak is None and spec.flat is None:
        return ()
    span = np.ptp(epoch, axis=1)
    flags = []
    if spec.peak_to_peak is not None and (over := span > spec.peak_to_peak).any():
        worst = int(span.argmax())
        reason = f"{labels[worst]} spans {span[worst]:.0f} uV, {int(over.sum())} over {spec.peak_to_peak:g}"
        flags.append(Flag(Status.ARTIFACT, reason))
    if spec.flat is not None and (under := span < spec.flat).any():
        names = ", ".join(label for label, is_flat in zip(labels, under, strict=True) if is_flat)
        flags.append(Flag(Status.ARTIFACT, f"flat: {names}"))
    return tuple(flags)
