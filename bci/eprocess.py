"""Better than chance? A test that stays valid however often it is looked at.

Each presentation is a bet against what the paradigm declares: a decoder that knows nothing names the truth with
probability p, given all that came before. Who expects hits at r times the odds of chance multiplies the stake by r
after a hit and by 1 after a miss, over 1 + p (r - 1): on average it stays what it was. The e-value is the mean
stake of players with r up to `MOST`; if nothing is decoded, it ever reaches 1 / a with a probability of at most a
(Ville 1939; Ramdas et al. 2023, doi:10.1214/23-STS894).
"""

import numpy as np

__all__ = ["ALARM", "EProcess"]

ALARM = 20.0
"""E-value from which on "above chance" is said: wrong in at most one of twenty sessions."""
MOST = 50.0
"""Largest ratio of odds that a player expects."""
PLAYERS = 40
LARGEST = 700.0
"""Logarithm of the largest e-value that is told; its exponential still is a number."""

_EDGES = np.geomspace(1, MOST, PLAYERS + 1)[1:]
_LOG_EDGES = np.log(_EDGES)


class EProcess:
    """The e-value of a session, one bet after the other."""

    def __init__(self) -> None:
        self._log_stakes = np.zeros(PLAYERS)
        self._said = False

    def bet(self, chance: float, *, hit: bool) -> None:
        """Take the outcome of one presentation in.

        Parameters
        ----------
        chance
            Probability, under the declared randomisation and given all that was shown before, that the truth is
            among the concepts named. Where it is 0 or 1 there is nothing to bet on.
        hit
            Whether it was.
        """
        if not 0 < chance < 1:
            return
        self._log_stakes += hit * _LOG_EDGES - np.log1p(chance * (_EDGES - 1))
        self._said = self._said or self.value >= ALARM

    @property
    def value(self) -> float:
        """The e-value now; 1 before the first bet."""
        log_mean = np.logaddexp.reduce(self._log_stakes) - np.log(PLAYERS)
        return float(np.exp(min(log_mean, LARGEST)))

    @property
    def above_chance(self) -> bool:
        """Whether it has ever reached `ALARM`; once said, it stands."""
        return self._said
