"""What missing electrodes would have shown: spherical-spline interpolation from those that there are.

Perrin, Pernier, Bertrand & Echallier (1989), doi:10.1016/0013-4694(89)90180-6, as MNE implements it, on the
positions of MNE's standard 10-05 montage.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from bci.montage import canonical, match
from bci.types import read_only
from replay.electrodes import MONTAGE, ORIGIN, standard_names

__all__ = ["interpolation_matrix"]


def interpolation_matrix(have: Sequence[str], want: Sequence[str]) -> NDArray[np.float64]:
    """Return the matrix that turns recorded channels into wanted ones.

    Parameters
    ----------
    have
        Labels of the recorded channels; those without a standard position (AUX, EOG) weigh nothing.
    want
        Labels of the wanted channels; spelling and older names are forgiven as `bci.montage.match` does.

    Returns
    -------
    (n_want, n_have) float64, read-only
        `matrix @ samples (n_have, n_times)` are the wanted channels. Rows of channels that were recorded hold a
        single 1, so that these pass unchanged.

    Raises
    ------
    MismatchError
        If an electrode is named twice, a missing one has no standard position, or nothing recorded has one.
    """
    found = match(have, want)
    matrix = np.zeros((len(want), len(have)))
    for row, column in enumerate(found):
        if column is not None:
            matrix[row, column] = 1.0
    missing = [row for row, column in enumerate(found) if column is None]
    if missing:
        there = standard_names()
        sources = [column for column, label in enumerate(have) if canonical(label) in there]
        matrix[np.ix_(missing, sources)] = _splines([have[i] for i in sources], [want[i] for i in missing])
    return read_only(matrix)


def _splines(have: Sequence[str], want: Sequence[str]) -> NDArray[np.float64]:
    """(n_want, n_have) weights, found by interpolating a unit impulse of each recorded channel."""
    from mne import create_info  # noqa: PLC0415 (a second that few need)
    from mne.io import RawArray  # noqa: PLC0415

    there = standard_names()
    if unknown := [label for label in want if canonical(label) not in there]:
        raise MismatchError(
            f"cannot interpolate {', '.join(unknown)}: expected names of the 10-05 system; record them or train "
            "without them"
        )
    if not have:
        raise MismatchError("cannot interpolate: none of the recorded channels has a name of the 10-05 system")
    match(have, have)  # a doubled electrode would make the splines singular
    names = [there[canonical(label)] for label in (*have, *want)]
    impulses = np.vstack([np.eye(len(have)), np.zeros((len(want), len(have)))])
    raw = RawArray(impulses, create_info(names, 1.0, "eeg"), verbose="error")
    raw.set_montage(MONTAGE, verbose="error")
    raw.info["bads"] = names[len(have) :]
    raw.interpolate_bads(origin=ORIGIN, verbose="error")
    return np.asarray(raw.get_data()[len(have) :], np.float64)
