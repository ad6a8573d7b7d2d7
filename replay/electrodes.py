"""Where electrodes of the 10-05 system lie: MNE's standard positions, and their map as seen from above.

Names and places follow Oostenveld & Praamstra (2001), doi:10.1016/S1388-2457(00)00527-7, on the Colin 27 head; the
map is the azimuthal equidistant projection in which topographies are drawn.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.montage import canonical
from bci.types import read_only

__all__ = ["MONTAGE", "ORIGIN", "flat_positions", "standard_names"]

MONTAGE = "colin27_1005"
"""MNE's name of the 10-05 positions on the Colin 27 head, `standard_1005` before version 1.13."""

ORIGIN = (-0.0009, 0.0146, 0.0408)
"""Centre of the sphere that MNE fits to the standard 10-05 positions, metres in head coordinates."""


def standard_names() -> dict[str, str]:
    """Canonical label -> name in MNE's standard 10-05 montage."""
    from mne.channels import make_standard_montage  # noqa: PLC0415 (a second that few need)

    return {canonical(name): name for name in make_standard_montage(MONTAGE).ch_names}


def flat_positions(labels: Sequence[str]) -> NDArray[np.float32]:
    """Return where electrodes lie on a head seen from above, the nose up.

    Parameters
    ----------
    labels
        Of channels; spelling and older names are forgiven as `bci.montage.canonical` does.

    Returns
    -------
    (n, 2) float32, read-only
        To the right and to the front, from the centre of the head; the distance from it is the angle from straight
        up on the fitted sphere, so that the sphere's equator has radius 1 and lower electrodes lie outside of it.
        NaN for labels without a standard position.
    """
    from mne import create_info  # noqa: PLC0415

    there = standard_names()
    keys = [canonical(label) for label in labels]
    flat = np.full((len(keys), 2), np.nan, np.float32)
    known = [row for row, key in enumerate(keys) if key in there]
    if known:
        info = create_info(sorted({there[keys[row]] for row in known}), 1.0, "eeg")
        positions = info.set_montage(MONTAGE, verbose="error").get_montage().get_positions()["ch_pos"]
        flat[known] = _from_above(np.array([positions[there[keys[row]]] for row in known]))
    return read_only(flat)


def _from_above(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) metres in head coordinates -> (n, 2), azimuthal equidistant about the vertical through `ORIGIN`."""
    right, front, up = (positions - np.array(ORIGIN)).T
    azimuth, angle = np.arctan2(front, right), np.arctan2(np.hypot(right, front), up)
    directions = np.stack([np.cos(azimuth), np.sin(azimuth)], 1)
    return np.asarray(directions * (angle[:, None] / (np.pi / 2)), np.float64)
