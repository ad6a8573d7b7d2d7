"""Label-free alignment: the matrix that makes a person's signals like those that a bundle was trained on.

A bundle that whitens gets its matrix anew, by its own method; that is Euclidean alignment (He and Wu 2020,
doi:10.1109/TBME.2019.2913914). For one that does not, the person's mean covariance is mapped onto that of the
training data. Either is fitted to a calibration alone, before anything is decoded.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError, MismatchError
from bci.specs import EventSpec
from bci.types import Recording
from models.bundle import Bundle
from models.training_set import accepted
from models.whitening import alignment, fit_whitening, mean_covariance
from replay.trials import cut_epochs

__all__ = ["LEAST", "person_matrix", "windows_of"]

LEAST = 20.0
"""Seconds of signal below which nothing is fitted."""


def person_matrix(bundle: Bundle, epochs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Fit what a person's epochs are multiplied by.

    Parameters
    ----------
    epochs
        (n, n_channels, n_times) float32, microvolts, preprocessed as the bundle says and not scaled.

    Returns
    -------
    matrix
        (n_channels, n_channels) float64.

    Raises
    ------
    MismatchError
        If the bundle neither whitens nor knows the covariance of its training data.
    ConfigError
        If a channel is flat, or no epoch is within the bounds of its training.
    """
    method, rows = bundle.preprocess.whitening, accepted(epochs, bundle.config.data.reject)
    if method != "none":
        return fit_whitening(epochs, method, rows)
    if bundle.covariance is None:
        raise MismatchError(
            "expected a bundle that whitens or holds the covariance of its training data, which those of earlier "
            "versions do not: train it again"
        )
    if flat := [bundle.channels[i] for i in np.flatnonzero(np.ptp(epochs[rows], axis=(0, 2)) == 0)]:
        raise ConfigError(f"expected channels that vary, got a flat line in {', '.join(flat)}: check the contacts")
    return alignment(mean_covariance(epochs, rows), bundle.covariance)


def windows_of(recording: Recording, bundle: Bundle, left_out: Collection[str] = ()) -> NDArray[np.float32]:
    """Cut a recording of whatever a person did into windows as long as an epoch, one after the other.

    Returns
    -------
    windows
        (n, n_channels, n_times) float32, microvolts, not scaled; those with a gap are left out.

    Raises
    ------
    MismatchError
        If the recording does not fit the bundle.
    ConfigError
        If there are less than `LEAST` seconds.
    """
    length = bundle.preprocess.tmax - bundle.preprocess.tmin
    back_to_back = EventSpec(mode="sliding", step=length)
    epochs = cut_epochs(recording, bundle.preprocess, back_to_back, (), left_out)
    windows = [epoch.data for epoch in epochs if epoch.data is not None]
    if len(windows) * length < LEAST:
        raise ConfigError(
            f"expected at least {LEAST:g} s of signal without gaps, got {len(windows) * length:.1f} s: record more"
        )
    return np.stack(windows)
