"""Contiguous blocks of events in the order of presentation, and what overlaps them in time.

Neighbours in one recording are alike for reasons that are not the picture: slow drifts, the state of the person,
electrodes that dry. A trial between two that were trained on is easier than one an hour later; blocks leave out
stretches of time instead. Windows that reach across a block's edge would stand on both sides, and are left out of
training (Lemm et al. 2011, doi:10.1016/j.neuroimage.2010.11.004; de Cheveigné and Nelken 2019,
doi:10.1016/j.neuron.2019.02.039, on filters that smear).
"""

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.types import TrialSet
from models.groups import unit_codes

__all__ = ["block_codes", "meeting", "onsets", "order", "overlapping"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TOUCHING = 1e-9
"""Seconds by which windows may overlap for rounding."""


def onsets(trials: TrialSet) -> Floats:
    """Return when each event was, (n_trials,), seconds after the first sample of its recording."""
    return np.asarray(trials.groups["onset"], np.float64)


def order(trials: TrialSet) -> tuple[Floats, str]:
    """Return what rises from event to event in each recording, (n_trials,), and its unit, "s" or "events".

    Raises
    ------
    ConfigError
        If the trials do not tell it.
    """
    if "onset" in trials.groups:
        return onsets(trials), "s"
    if "event" in trials.groups:
        return np.asarray(trials.groups["event"], np.float64), "events"
    raise ConfigError(
        "leaving out by 'block' needs the order of presentation: trials cut from recordings tell their onset, "
        "these exist only as epochs and do not; leave out something else (evaluation.by)"
    )


def block_codes(trials: TrialSet, n_blocks: int, rows: Ints | slice = slice(None)) -> Ints:
    """Number the blocks of events of each recording from 0 to `n_blocks` - 1: (n,).

    Blocks of one recording are as equal as its number of events allows; one with fewer events than blocks leaves
    some of them empty.

    Parameters
    ----------
    rows
        Which trials, (n,).

    Raises
    ------
    ConfigError
        If the trials do not tell their recording or order.
    """
    when, recordings = order(trials)[0][rows], unit_codes(trials, "recording")[rows]
    codes = np.empty(len(when), np.int64)
    for recording in np.unique(recordings):
        own = np.flatnonzero(recordings == recording)
        codes[own[np.argsort(when[own], kind="stable")]] = np.arange(len(own)) * n_blocks // len(own)
    return codes


def overlapping(trials: TrialSet, rows: Ints, others: Ints) -> NDArray[np.bool_]:
    """Tell which trials have a window in common with one of others, in the same recording: (len(rows),).

    Events of which only the order is known were recorded one by one: none has.

    Raises
    ------
    ConfigError
        If the trials do not tell their recording or order.
    """
    found = np.zeros(len(rows), np.bool_)
    if order(trials)[1] != "s":
        return found
    when, recordings = onsets(trials), unit_codes(trials, "recording")
    for recording in np.unique(recordings[rows]):
        own = recordings[rows] == recording
        near = when[others[recordings[others] == recording]]
        found[own] = meeting(when[rows[own]], near, trials.data.shape[2] / trials.sfreq)
    return found


def meeting(starts: Floats, others: Floats, length: float) -> NDArray[np.bool_]:
    """Tell which windows of one length have a time in common with one of others: (len(starts),).

    Parameters
    ----------
    starts, others
        (n,) and (m,) where windows start, seconds.
    length
        Of all windows, seconds.
    """
    near, reach = np.sort(others), length - TOUCHING
    first, last = np.searchsorted(near, starts - reach, "right"), np.searchsorted(near, starts + reach, "left")
    return np.asarray(first < last)
