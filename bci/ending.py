"""When a session that runs until the end has reached it: pure, on any clock."""

from dataclasses import dataclass
from math import inf

from bci.events import END_MARKER
from bci.types import Batch, Marker, SourceState

__all__ = ["EndWatch"]

_GRACE = 2.0  # seconds that the last samples may lag behind the end marker


@dataclass(slots=True)
class EndWatch:
    """Watches batches for the end.

    Parameters
    ----------
    period
        Seconds between samples.
    patience
        Seconds without a sample after which the stream is given up.
    """

    period: float
    patience: float
    _end: Marker | None = None
    _newest: float = -inf
    _silent_since: float | None = None

    def feed(self, batch: Batch, now: float) -> str | None:
        """Return why the session should end, None while it should go on."""
        self._end = self._end or next((m for m in batch.markers if m.value == END_MARKER), None)
        if batch.chunk is not None:
            self._newest = float(batch.chunk.times[-1])
        if self._end is not None and self._complete(self._end, now):
            return END_MARKER
        if batch.state not in (SourceState.STALLED, SourceState.LOST):
            self._silent_since = None
            return None
        self._silent_since = now if self._silent_since is None else self._silent_since
        if now - self._silent_since < self.patience:
            return None
        return f"stream lost: no samples for {self.patience:g} s"

    def _complete(self, end: Marker, now: float) -> bool:
        """Say whether all samples before the end marker have come, or are not going to."""
        return now - end.arrived > _GRACE or self._newest + 1.5 * self.period >= end.time
