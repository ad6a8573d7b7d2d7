"""What cuts epochs and what decodes them: they fit each other, and are exchanged together."""

from dataclasses import dataclass

from bci.decoder import Decoder
from bci.end_to_end import mismatch
from bci.epochs import Epocher
from bci.errors import MismatchError
from bci.evidence import Accumulation

__all__ = ["Pair", "check_fit"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Pair:
    """An epocher and the decoder that its epochs are for.

    Parameters
    ----------
    epocher, decoder
        What cuts and what decodes; see `check_fit`.
    accumulation
        Sums the evidence of repeats; None where probabilities are not calibrated for it.
    """

    epocher: Epocher
    decoder: Decoder
    accumulation: Accumulation | None = None

    @property
    def mismatch(self) -> str | None:
        """What is wrong with its decoder on its stream, see `bci.end_to_end`; None if nothing is."""
        return mismatch(self.epocher.preprocessor.spec, self.epocher.stream)


def check_fit(epocher: Epocher, decoder: Decoder) -> None:
    """Refuse a decoder that was trained on something else than what the epocher cuts.

    Raises
    ------
    MismatchError
        If channels, rate, length or preprocessing differ.
    """
    spec, wanted = epocher.preprocessor.spec, decoder.spec
    got = (spec.channels, spec.sfreq, spec.n_times, spec.digest)
    expected = (wanted.channels, wanted.sfreq, wanted.n_times, wanted.preprocess)
    for name, ours, theirs in zip(("channels", "rate", "length", "preprocessing"), got, expected, strict=True):
        if ours != theirs:
            raise MismatchError(f"the decoder expects {name} {theirs}, the epochs have {ours}")
