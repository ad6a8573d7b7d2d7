"""What is done live about bad channels: epochs that meet one are flagged, or it is made up from the others.

A pure core. Which ones are bad is told by `bci.channel_watch`; those that the decoder does not use are no matter.
"""

from collections.abc import Collection
from dataclasses import replace

from bci.channel_watch import ChannelWatch
from bci.errors import MismatchError
from bci.montage import canonical
from bci.preprocess import Preprocessor
from bci.specs import BadChannelPolicy
from bci.types import Epoch, Flag, Quality, SampleChunk, Status

__all__ = ["BadChannels"]

_MOST = 0.25
"""Share of a decoder's channels that may be made up: splines need neighbours (Perrin et al. 1989)."""


class BadChannels:
    """Obeys a policy for the channels of one stream.

    Parameters
    ----------
    watch
        Tells which channels are bad.
    policy
        See `bci.specs.QualitySpec.bad_channels`.
    """

    def __init__(self, watch: ChannelWatch, policy: BadChannelPolicy) -> None:
        self.policy = policy
        self._watch = watch

    def feed(self, chunk: SampleChunk) -> bool:
        """Take samples in; say whether other channels are bad than before, or for another reason."""
        return self.policy != "ignore" and self._watch.feed(chunk)

    def left_out(
        self, preprocessor: Preprocessor, by_hand: Collection[str], now: Collection[str]
    ) -> frozenset[str]:
        """Say which channels of the stream are to be left out beside those that the operator leaves out.

        Parameters
        ----------
        by_hand
            The operator's: they stay out, good or bad.
        now
            What is left out so far: it stays so where too many are bad to be made up.
        """
        labels = preprocessor.stream.labels
        bad = frozenset(labels[spell.column] for spell in self._watch.bad) - set(by_hand)
        if self.policy != "make-up" or not bad or not self._are_needed(preprocessor, by_hand):
            return frozenset()
        try:
            picking = preprocessor.without({*by_hand, *bad})
        except MismatchError:
            return frozenset(now)
        return bad if len(picking.made_up) <= _MOST * len(preprocessor.spec.channels) else frozenset(now)

    def flagged(self, epoch: Epoch, preprocessor: Preprocessor) -> Epoch:
        """Flag an epoch whose window meets a bad channel that the decoder uses."""
        start, stop = (epoch.onset + edge for edge in preprocessor.extent())
        met = self._watch.met(preprocessor.picking.columns.tolist(), start, stop)
        if epoch.data is None or not met:
            return epoch
        flag = Flag(Status.ARTIFACT, ", ".join(met))
        return replace(epoch, quality=Quality((*epoch.quality.flags, flag)))

    def trouble(self, preprocessor: Preprocessor) -> str:
        """Say which bad channels the decoder uses, and which are made up for it; empty if there are none."""
        labels, bad = preprocessor.stream.labels, self._watch.bad
        if not bad:
            return ""
        used, gone = preprocessor.picking.columns, set(map(canonical, preprocessor.interpolated))
        heard = ", ".join(self._watch.in_words(spell for spell in bad if spell.column in used))
        made_up = ", ".join(
            self._watch.in_words(spell for spell in bad if canonical(labels[spell.column]) in gone)
        )
        return "; ".join(filter(None, [heard, made_up and f"made up from the others: {made_up}"]))

    def _are_needed(self, preprocessor: Preprocessor, by_hand: Collection[str]) -> bool:
        used = preprocessor.without(by_hand).columns
        return any(spell.column in used for spell in self._watch.bad)
