"""A stream that is heard through a line becomes a source: samples at their times, markers, state.

The line is LSL (`bci.lsl_source`), or a script on virtual time (`replay.scripted_line`).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from math import inf
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock
from bci.devices import GENERIC, DeviceProfile
from bci.flow_watch import FlowWatch
from bci.intake import Intake
from bci.roles import Layout
from bci.types import Batch, Marker, StreamSpec

__all__ = ["Line", "Reception"]


class Line(Protocol):
    """Where rows, stamps and markers come from."""

    gone: str
    """Why no row can ever come again; empty if they can."""

    def receive(self, timeout: float, rest: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Leave everything lying for `rest` seconds, block until a row is there, then take what else is there.

        Returns
        -------
        rows, stamps
            (n_times, n_columns) and (n_times,) seconds on the LSL clock; empty if none came within `timeout`.
        """
        ...

    def heard(self) -> Sequence[Marker]:
        """Return the markers that have come; never wait."""
        ...

    def troubles(self) -> Sequence[str]:
        """Say what is wrong although rows may come."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Reception:
    """Implements `bci.source.Source` on a line.

    Parameters
    ----------
    line
        What is listened to; closed with the source.
    spec, layout
        What the stream brings, and in which columns.
    clock
        Clock of arrivals, seconds on the LSL clock.
    device
        How what comes is to be understood, see `bci.intake.Intake`.
    """

    def __init__(
        self, line: Line, spec: StreamSpec, layout: Layout, clock: Clock, device: DeviceProfile = GENERIC
    ) -> None:
        self.spec = spec
        self._line = line
        self._clock = clock
        self._intake = Intake(spec, layout, device)
        self._flow = FlowWatch(clock())
        self._delay = device.delay.seconds
        self._pending: deque[Batch] = deque()
        self._closed = False

    def pull(self, timeout: float, rest: float = 0.0) -> Batch | None:
        """Wait for samples and read the markers; see `bci.source.Source.pull`.

        Raises
        ------
        StreamError
            If the rate or the range of the values contradicts what the stream declares.
        """
        if self._closed:
            return None
        if self._pending:
            return self._pending.popleft()
        rows, stamps = self._line.receive(timeout, rest)
        arrived = self._clock()
        batches = self._take(rows, stamps, arrived)
        state, reason = self._flow.look(arrived, self._line.gone, (*self._intake.troubles, *self._line.troubles()))
        heard = tuple(self._line.heard())  # told with the first of them
        for batch in batches or [Batch()]:
            told = replace(batch, markers=(*batch.markers, *heard), state=state, reason=reason)
            self._pending.append(told)
            heard = ()
        return self._pending.popleft()

    def close(self) -> None:
        """Let go of the line; may be called twice."""
        if not self._closed:
            self._closed = True
            self._pending.clear()
            self._line.close()

    def _take(self, rows: NDArray[Any], stamps: NDArray[np.float64], arrived: float) -> list[Batch]:
        if not len(stamps):
            return self._intake.flush(arrived) if self._flow.silent(arrived) else []
        due = self._flow.received(arrived, float(stamps[-1]))
        batches = self._intake.feed(rows, stamps, arrived)
        return batches if due == -inf else [_marked(batch, due - self._delay) for batch in batches]


def _marked(batch: Batch, due: float) -> Batch:
    return batch if batch.chunk is None else replace(batch, chunk=replace(batch.chunk, due=due))
