"""A sampled trigger channel becomes events: which word appeared on which sample.

Two dialects exist. Most amplifiers hold the word for as long as it lies on the port and rest at 0. The
actiCHamp connector sends the word only on the sample where it changes, -1 on all others, and 0 where it returns
to rest. One rule reads both: an onset is a sample whose word differs from the one before and is not a resting
word. Codes may follow each other without rest, last one sample, or be split over chunks.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Onset", "TriggerDecoder"]

RESTING = (0, -1)
"""Words that stand for nothing: the port at rest, and the connector's `no change`."""


@dataclass(frozen=True, slots=True)
class Onset:
    """A trigger word and the sample on which it appeared."""

    sample: int
    value: int


class TriggerDecoder:
    """Finds the onsets in one trigger channel, whatever chunks it comes in.

    Parameters
    ----------
    words
        Whether a word is `held`, or stands on its `onset` alone; `learnt`: held until the first -1.
    """

    def __init__(self, words: Literal["learnt", "held", "onset"] = "learnt") -> None:
        self._last: int | None = None  # unknown: a word that is already there may have begun earlier
        self._changes_only = words == "onset"
        self._learns = words == "learnt"

    def feed(self, words: NDArray[np.floating] | NDArray[np.integer], first: int) -> list[Onset]:
        """Decode the next samples of the channel.

        Parameters
        ----------
        words
            (n_times,) words of the channel; what is not finite counts as rest.
        first
            Index of the first sample.

        Returns
        -------
        list of Onset
            In order of sample.
        """
        if not len(words) or (words == self._last).all():  # by far the most: nothing has changed
            return []
        codes = np.rint(np.where(np.isfinite(words), words, 0)).astype(np.int64)
        before = np.concatenate([[self._before(int(codes[0]))], codes[:-1]])
        onsets = np.flatnonzero((codes != before) & ~np.isin(codes, RESTING))
        self._last = int(codes[-1])
        self._changes_only |= self._learns and bool((codes == -1).any())
        return [Onset(first + int(i), int(codes[i])) for i in onsets]

    def reset(self) -> None:
        """Forget the last word, because samples are missing after it.

        A word on the next sample then counts as an onset only where words are sent on changes alone: in the
        other dialect it may have begun at any time in the gap.
        """
        self._last = None

    def _before(self, first: int) -> int:
        if self._last is not None:
            return self._last
        return -1 if self._changes_only else first
