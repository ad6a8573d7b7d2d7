"""The mean response to each picture: every session standardised, repetitions averaged.

Sessions differ in gain and baseline, so that each voxel is brought to mean 0 and standard deviation 1 within each
of them, as MindEye2 does (arXiv:2403.11207). Mean and deviation are those of training pictures alone.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bci.errors import MismatchError
from replay.nsd.betas import read_mask, read_session
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import REPETITIONS, Presentations
from replay.spill import zeros

__all__ = ["mean_responses"]


def mean_responses(
    folder: NsdFolder,
    shown: Presentations,
    sessions: Sequence[int],
    fitted: NDArray[np.bool_],
    report: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """Return the mean standardised response to each picture.

    Parameters
    ----------
    folder
        Of the person.
    shown
        Pictures and trials, within `sessions`.
    sessions
        Counted from 1.
    fitted
        (n,) which pictures say what is standard.
    report
        Told how many sessions are done, of how many.

    Returns
    -------
    responses
        (n, n_voxels) float32, in the order of `shown.pictures`; in a temporary file if they are large.

    Raises
    ------
    FormatError
        If a file is missing or damaged.
    MismatchError
        If a session shows fewer than two of the pictures that say what is standard.
    """
    mask = read_mask(folder.mask)
    sums = zeros((len(shown), int(mask.sum())))
    for done, session in enumerate(sessions, 1):
        responses = read_session(folder.betas(session), mask)
        _standardise(responses, _trials_of(shown, session, fitted), session)
        for repetition in range(REPETITIONS):
            pictures, trials = shown.during(session, repetition)  # each picture once
            sums[pictures] += responses[trials]
        report(done, len(sessions))
    counts = (shown.trials >= 0).sum(axis=1)
    for row, count in enumerate(counts):
        sums[row] /= count
    return sums


def _trials_of(shown: Presentations, session: int, fitted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Trials of a session in which one of some pictures was shown."""
    each = [shown.during(session, repetition) for repetition in range(REPETITIONS)]
    return np.concatenate([trials[fitted[pictures]] for pictures, trials in each])


def _standardise(responses: NDArray[np.float32], fitted: NDArray[np.int64], session: int) -> None:
    """Bring voxels to mean 0 and standard deviation 1 over some trials; a voxel that was not measured is 0."""
    if len(fitted) < 2:
        raise MismatchError(
            f"expected at least two trials of training pictures in session {session}, got {len(fitted)}: match "
            "more pictures, or leave the session out"
        )
    some = responses[fitted]
    responses -= some.mean(axis=0)
    deviations = some.std(axis=0)
    responses /= np.where(deviations > 0, deviations, np.inf)
