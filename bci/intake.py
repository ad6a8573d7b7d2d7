"""From a stream's rows and stamps to samples in microvolts at their times, and the onsets of its triggers.

Pure and synchronous: whoever receives rows hands them in, over LSL or on virtual time.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.counter import CounterGaps
from bci.devices import GENERIC, DeviceProfile
from bci.errors import StreamError
from bci.roles import Layout, check_range, implausible
from bci.timefit import Run, TimeFit
from bci.triggers import TriggerDecoder
from bci.types import Batch, Marker, SampleChunk, StreamSpec, read_only

__all__ = ["Intake"]

CHECKED = 2.0  # s of data whose range must fit the unit
LOOKED_AT = 100  # rows of them: percentiles of all of them would hold the acquisition up


class Intake:
    """Makes batches of one stream's rows; `Batch.state` is left to others.

    Parameters
    ----------
    spec
        The stream as it is handed on.
    layout
        Which of its columns are what.
    device
        How its triggers and its counter are to be read, and how late its stamps are: samples and the triggers
        among them are handed on at the times at which they were taken.
    """

    def __init__(self, spec: StreamSpec, layout: Layout, device: DeviceProfile = GENERIC) -> None:
        self._spec = spec
        self._layout = layout
        self._fit = TimeFit(spec.sfreq)
        self._delay = device.delay.seconds
        self._counter = CounterGaps(device.counter_values) if layout.counter is not None else None
        self._triggers = [
            (column, f"{spec.name}/{label}", TriggerDecoder(device.words)) for column, label in layout.triggers
        ]
        self._rows: list[NDArray[Any]] = []  # received, their times not decided
        self._invented = 0  # samples dropped before the next one
        self._seq = 0
        self._looked_at: list[NDArray[np.float32]] = []
        self._stride = max(1, int(CHECKED * spec.sfreq) // LOOKED_AT)
        self._since = 0  # samples since the range was checked
        self._checked = False
        self._implausible = ""

    @property
    def held(self) -> bool:
        """Whether samples wait until it is certain what is missing before them."""
        return self._fit.held > 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the values, in words."""
        return (f"{self._implausible}: has the unit changed?",) if self._implausible else ()

    def feed(self, rows: NDArray[Any], stamps: NDArray[np.float64], arrived: float) -> list[Batch]:
        """Take in what has come.

        Parameters
        ----------
        rows
            (n_times, n_columns) as the device sends them.
        stamps
            (n_times,) seconds on the LSL clock.
        arrived
            When they were held in this process, seconds on the LSL clock.

        Returns
        -------
        list of Batch
            The oldest samples whose times are certain, a new batch behind each gap; `held` ones are still to come.

        Raises
        ------
        StreamError
            If the rate or the range of the values contradicts what the stream declares.
        """
        lost = np.zeros(len(rows), np.int64)
        if self._counter is not None:
            lost = self._counter.feed(rows[:, self._layout.counter])
        if self._layout.interpolated is not None:
            rows, stamps, lost = self._drop_invented(rows, stamps, lost)
        self._rows.append(rows)
        runs = self._fit.feed(stamps, lost.tolist() if lost.any() else None)
        if (rate := self._fit.mismatch) is not None:
            raise StreamError(
                f"{self._spec.name}: expected {self._spec.sfreq:g} Hz, as the stream declares, "
                f"and it sends {rate:.4g} Hz: correct the declared rate in the sender"
            )
        return self._batches(runs, arrived)

    def flush(self, arrived: float) -> list[Batch]:
        """Decide on what is held, because nothing more will come for now."""
        return self._batches(self._fit.flush(), arrived) if self.held else []

    def _drop_invented(
        self, rows: NDArray[Any], stamps: NDArray[np.float64], lost: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.int64]]:
        kept = rows[:, self._layout.interpolated] != 1
        steps = np.cumsum(1 + lost) + self._invented  # index of every row, counted from the last kept one
        index = steps[kept]
        missing = np.diff(index, prepend=0) - 1
        self._invented = int(steps[-1] - (index[-1] if len(index) else 0))
        return rows[kept], stamps[kept], missing

    def _batches(self, runs: Sequence[Run], arrived: float) -> list[Batch]:
        if not runs:
            return []
        rows = self._rows[0] if len(self._rows) == 1 else np.concatenate(self._rows)
        batches, first = [], 0
        for run in map(self._on_time, runs):
            stop = first + len(run.times)
            batches.append(self._batch(rows[first:stop], run, arrived))
            first = stop
        self._rows = [rows[first:]] if first < len(rows) else []
        return batches

    def _on_time(self, run: Run) -> Run:
        return replace(run, times=read_only(run.times - self._delay)) if self._delay else run

    def _batch(self, rows: NDArray[Any], run: Run, arrived: float) -> Batch:
        data = rows[:, self._layout.columns].astype(np.float32, copy=False)
        data *= self._layout.factors
        seq = self._seq + run.gap_before
        self._check(data, seq)
        self._seq = seq + len(rows)
        chunk = SampleChunk(
            read_only(data), run.times, arrived, seq, gap_before=run.gap_before, doubt=self._fit.doubt
        )
        return Batch(chunk, self._onsets(rows, run, arrived))

    def _check(self, data: NDArray[np.float32], seq: int) -> None:
        """Compare every two seconds with the declared unit: refused at the beginning, told of later on."""
        self._looked_at.append(data[-seq % self._stride :: self._stride])
        self._since += len(data)
        if self._since < CHECKED * self._spec.sfreq:
            return
        seen = np.concatenate(self._looked_at)
        if not self._checked:
            check_range(seen, self._spec.channels)
        self._checked = True
        self._implausible = implausible(seen, self._spec.channels)
        self._looked_at, self._since = [], 0

    def _onsets(self, rows: NDArray[Any], run: Run, arrived: float) -> tuple[Marker, ...]:
        markers: list[Marker] = []
        for column, source, decoder in self._triggers:
            if run.gap_before:
                decoder.reset()
            onsets = decoder.feed(rows[:, column], 0)
            markers += [Marker(float(run.times[at.sample]), str(at.value), source, arrived) for at in onsets]
        return tuple(sorted(markers, key=lambda marker: marker.time))
