"""The seam between whatever sends EEG and the live path: one verb.

`bci.lsl_source.LslSource` receives a stream; `bci.array_source.ArraySource` plays a recording without waiting.
"""

from typing import Protocol

from bci.types import Batch, StreamSpec

__all__ = ["Source"]


class Source(Protocol):
    """Anything that brings EEG and markers, in order and on one clock."""

    @property
    def spec(self) -> StreamSpec:
        """What `pull` brings: channels in column order, microvolts, the nominal rate."""
        ...

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:
        """Wait for news.

        Parameters
        ----------
        timeout
            Longest wait in seconds.
        rest
            Seconds for which nobody needs what comes: it may be left lying, so that more is taken at once. Sources
            that never wait pay no heed to it.

        Returns
        -------
        Batch or None
            What came; its chunk is None if no sample did, and its state then says how the source is doing.
            None: the source has ended and nothing will ever come again.
        """
        ...

    def close(self) -> None:
        """Let go of the stream; may be called twice. `pull` returns None from then on."""
        ...
