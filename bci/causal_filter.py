"""Causal filters as second-order sections, for what is decoded and for what is shown.

Notch, high-pass and low-pass, run forward in float64 (`scipy.signal.sosfilt`). They start at the steady state of
the first sample, so that an offset of thousands of microvolts leaves no transient.
"""

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError

__all__ = ["power_gain", "sections", "steady_state"]

Samples = NDArray[np.float64]


def sections(
    sfreq: float,
    *,
    notch: float | None,
    highpass: float | None,
    lowpass: float | None,
    notch_quality: float,
    highpass_order: int,
    lowpass_order: int,
) -> Samples | None:
    """Design a filter.

    Parameters
    ----------
    sfreq
        Rate of the samples, Hz.
    notch, highpass, lowpass
        Edges, Hz; None leaves a part out.
    notch_quality
        Notch frequency over its -3 dB bandwidth.
    highpass_order, lowpass_order
        Of the Butterworth filters.

    Returns
    -------
    sos
        (n, 6) sections of notch, high-pass and low-pass, in this order; None if there are none.

    Raises
    ------
    MismatchError
        If an edge is not below half the rate.
    """
    edges = [edge for edge in (notch, highpass, lowpass) if edge is not None]
    if not edges:
        return None
    if max(edges) >= sfreq / 2:
        raise MismatchError(
            f"a filter at {max(edges):g} Hz needs a stream above {2 * max(edges):g} Hz, got {sfreq:g} Hz: "
            "choose a lower edge"
        )
    from scipy.signal import butter, iirnotch, tf2sos  # noqa: PLC0415 (1.3 s to import, most commands need none)

    parts = []
    if notch is not None:
        parts.append(tf2sos(*iirnotch(notch, notch_quality, fs=sfreq)))
    if highpass is not None:
        parts.append(butter(highpass_order, highpass, "highpass", fs=sfreq, output="sos"))
    if lowpass is not None:
        parts.append(butter(lowpass_order, lowpass, "lowpass", fs=sfreq, output="sos"))
    return np.concatenate(parts)


def power_gain(sos: Samples | None, frequency: float, sfreq: float) -> float:
    """Return which share of the power at `frequency` Hz passes a filter for samples at `sfreq` Hz."""
    if sos is None:
        return 1.0
    from scipy.signal import sosfreqz  # noqa: PLC0415 (as above)

    _, response = sosfreqz(sos, [frequency], fs=sfreq)
    return float(np.abs(response[0]) ** 2)


def steady_state(sos: Samples, sample: Samples) -> Samples:
    """Return the filter's state (n_sections, 2, n_channels) as if `sample` had been there for ever."""
    from scipy.signal import sosfilt_zi  # noqa: PLC0415 (as above)

    return np.asarray(sosfilt_zi(sos)[:, :, None] * sample)
