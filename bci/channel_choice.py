"""Which channels of the stream a session decodes without: by hand, and because they are bad."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection
from weakref import WeakKeyDictionary

from bci.bad_channels import BadChannels
from bci.pair import Pair
from bci.picking import Picking
from bci.types import Epoch, SampleChunk

__all__ = ["ChannelChoice"]

_LOG = logging.getLogger(__name__)


class ChannelChoice:
    """Chooses for every pair that decodes.

    `leave_out` and `look_after` are for any thread, the others for the one that feeds the pairs: channels change
    there, between two chunks, when `apply` is called.

    Parameters
    ----------
    bad
        What is done about bad channels; None: nothing, and nobody looks.
    tell
        Called with what is left out whenever that changes, names with commas between them.
    """

    def __init__(self, bad: BadChannels | None, tell: Callable[[str], None]) -> None:
        self._watch = bad
        self._tell = tell
        self._choosing = threading.Lock()
        self._pairs: WeakKeyDictionary[Pair, None] = WeakKeyDictionary()
        self._by_hand: tuple[str, ...] = ()
        self._bad: frozenset[str] = frozenset()  # left out beside them, until they are good again
        self._reconsider = False  # what is left out because it is bad
        self._chosen: deque[tuple[Pair, Picking]] = deque()  # that is not applied yet
        self.trouble = ""
        """What is wrong with channels, as `bci.session.Part` has it."""

    def look_after(self, pair: Pair) -> None:
        """Choose for one pair more, which is not fed yet.

        Raises
        ------
        MismatchError
            If it cannot do without what is left out.
        """
        with self._choosing:
            if left_out := {*self._by_hand, *self._bad}:
                preprocessor = pair.epocher.preprocessor
                preprocessor.adopt(preprocessor.without(left_out))
            self._pairs[pair] = None

    def leave_out(self, labels: Collection[str]) -> None:
        """Leave these out by hand, and no others.

        Raises
        ------
        MismatchError
            If there is no such channel, or the others cannot make up for it.
        """
        with self._choosing:
            made_up = self._choose(labels, self._bad)
            self._reconsider = True
        _LOG.warning("left out by hand: %s; made up from the others: %s", ", ".join(labels) or "nothing", made_up)

    def mind(self, chunk: SampleChunk, pair: Pair) -> None:
        """See which channels are bad, and make up for them if that is asked for; `pair` is the latest."""
        if self._watch is None or not (self._watch.feed(chunk) or self._reconsider):
            return
        self._reconsider = False
        with self._choosing:
            bad = self._watch.left_out(pair.epocher.preprocessor, self._by_hand, self._bad)
            if bad != self._bad:
                made_up, names = self._choose(self._by_hand, bad), ", ".join(sorted(bad)) or "nothing"
                _LOG.warning("left out because bad: %s; made up from the others: %s", names, made_up)
        self.assess(pair)

    def apply(self) -> bool:
        """Let pairs pick their channels as was chosen; say whether anything was."""
        changed = bool(self._chosen)
        while self._chosen:
            pair, picking = self._chosen.popleft()
            pair.epocher.preprocessor.adopt(picking)
        return changed

    def assess(self, pair: Pair) -> None:
        """See what is wrong with the channels that the latest pair uses."""
        if self._watch is not None:
            self.trouble = self._watch.trouble(pair.epocher.preprocessor)

    def flagged(self, epoch: Epoch, pair: Pair) -> Epoch:
        """Flag an epoch that meets a bad channel."""
        return epoch if self._watch is None else self._watch.flagged(epoch, pair.epocher.preprocessor)

    def _choose(self, by_hand: Collection[str], bad: frozenset[str]) -> str:
        """Leave out other channels from the next samples on; say which are made up."""
        left_out = (*by_hand, *sorted(bad - set(by_hand)))
        chosen = [(pair, pair.epocher.preprocessor.without(left_out)) for pair in list(self._pairs)]
        self._by_hand, self._bad = tuple(by_hand), bad
        self._chosen.extend(chosen)
        self._tell(", ".join(left_out))
        return ", ".join(chosen[-1][1].made_up) or "no channel"
