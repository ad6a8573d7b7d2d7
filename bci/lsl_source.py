"""EEG and markers from the Lab Streaming Layer (https://labstreaminglayer.org), ready to be decoded.

One thread pulls: it blocks until the first new sample, takes what else is there, fits times, and reads the markers
without waiting. LSL corrects the clock (`proc_clocksync`), but does not smooth: its dejittering hides gaps.
"""

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.clock import Clock, lsl_clock
from bci.counter import CounterGaps
from bci.discovery import FoundStream, Lookout, choose, marker_streams
from bci.errors import StreamError
from bci.marker_inlet import MarkerInlet
from bci.roles import Layout, check_range, layout
from bci.timefit import Run, TimeFit
from bci.triggers import TriggerDecoder
from bci.types import Batch, Marker, SampleChunk, SourceState, StreamSpec, read_only

__all__ = ["LOST_AFTER", "LslSource"]

BUFFER = 360  # s that liblsl keeps for us; then it drops the oldest samples without a word
STALLED_AFTER = 0.5  # s without a sample, or three chunk intervals if they are longer
LOST_AFTER = 5.0  # s without a sample; liblsl itself says so only of streams without a source id
CHECKED = 2.0  # s of data whose range must fit the unit
LOOK_ROUND = 2.0  # s between two looks for marker streams that came later
LATE_DETAILS = 0.5  # s for which a marker stream that came later may hold up the EEG
DETAILS = 5.0  # s to wait for a stream's description and for its first clock offset


class LslSource:
    """Receives one EEG stream and the marker streams beside it.

    States: `connected` before the first sample; `flowing`; `stalled` after 0.5 s or three chunk intervals without
    a sample, whichever is longer; `lost` when liblsl says so, or after 5 s; `recovered` with the first chunk after
    that. A killed sender that starts again under its source id is picked up by itself; a backlog comes in full,
    with true times.

    Parameters
    ----------
    stream
        Name or source id; None: the only stream of type EEG.
    markers
        Names or source ids of the marker streams; None: all streams of type Markers, also those that appear later.
    reference
        Recording reference; None: what the stream says.
    wait
        Seconds to wait for the stream to appear.
    clock
        Clock of arrivals.

    Raises
    ------
    StreamError
        If the stream is not there, several fit, or it cannot be EEG.
    """

    def __init__(
        self,
        stream: str | None = None,
        markers: Sequence[str] | None = None,
        reference: str | None = None,
        wait: float = 5.0,
        clock: Clock = lsl_clock,
    ) -> None:
        look = Lookout()
        found = choose(stream, wait, look)
        events = marker_streams(markers, wait, look)
        self._clock = clock
        self._inlet: Any = _open(found)
        self._layout, self.spec = _describe(self._inlet, found, reference)
        self._fit = TimeFit(found.sfreq)
        self._counter = CounterGaps() if self._layout.counter is not None else None
        self._triggers = [
            (column, f"{found.name}/{label}", TriggerDecoder()) for column, label in self._layout.triggers
        ]
        self._buffer = np.zeros((max(1024, int(2 * found.sfreq)), found.n_channels), self._inlet.np_dtype)
        self._rows: list[NDArray[Any]] = []  # received, their times not decided
        self._invented = 0  # samples dropped before the next one
        self._seq = 0
        self._pending: deque[Batch] = deque()
        self._checked: list[NDArray[np.float32]] | None = []
        self._state = SourceState.CONNECTED
        self._last_arrival: float | None = None
        self._interval = 0.0
        self._closed = False
        self._markers = [MarkerInlet(event) for event in events]
        self._late = Lookout("type", "Markers") if markers is None else None
        self._looked = clock()
        self._subscribe()

    @property
    def measured_rate(self) -> float:
        """Rate by the stamps, Hz."""
        return self._fit.rate

    @property
    def marker_names(self) -> tuple[str, ...]:
        """Names of the marker streams that are read."""
        return tuple(inlet.name for inlet in self._markers)

    def pull(self, timeout: float) -> Batch | None:
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
        rows, stamps = self._receive(timeout)
        arrived = self._clock()
        runs = self._digest(rows, stamps) if len(stamps) else self._missed(arrived)
        state = self._next_state(arrived, received=len(stamps) > 0)
        self._pending.extend(self._batches(runs, arrived, state))
        markers = self._drain_markers(arrived)
        first = self._pending.popleft() if self._pending else Batch(None, (), state)
        return Batch(first.chunk, first.markers + markers, first.state)

    def close(self) -> None:
        """Close the inlets, EEG first."""
        if self._closed:
            return
        self._closed = True
        self._pending.clear()
        self._inlet.close_stream()
        for inlet in self._markers:
            inlet.close()
        self._late = None

    # ---------------------------------------------------------------------------------------------- receiving

    def _subscribe(self) -> None:
        """Markers first, so that none of them is missed when the sender starts with its last consumer."""
        try:
            for inlet in self._markers:
                inlet.open(DETAILS)
                inlet.measure_offset(DETAILS)
            self._inlet.open_stream(DETAILS)
        except RuntimeError as error:
            raise StreamError(
                f"{self.spec.name}: expected the stream to open within {DETAILS:g} s: {error} Restart the sender"
            ) from None

    def _receive(self, timeout: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Block until one sample is there, then take what else is there: up to what the buffer holds."""
        try:
            _, first = self._inlet.pull_chunk(timeout, 1, dest_obj=self._buffer[:1], as_numpy=True)
            if not len(first):
                return self._buffer[:0], first
            room = len(self._buffer) - 1
            _, rest = self._inlet.pull_chunk(0.0, room, dest_obj=self._buffer[1:], as_numpy=True)
        except RuntimeError:  # liblsl's LostError: a stream without a source id cannot come back
            self._state = SourceState.LOST
            time.sleep(timeout)
            return self._buffer[:0], np.zeros(0)
        stamps = np.concatenate([first, rest])
        return self._buffer[: len(stamps)].copy(), stamps

    def _digest(self, rows: NDArray[Any], stamps: NDArray[np.float64]) -> list[Run]:
        """Fit times; samples that the device invented are dropped and count as missing."""
        lost = np.zeros(len(rows), np.int64)
        if self._counter is not None:
            lost = self._counter.feed(rows[:, self._layout.counter])
        if self._layout.interpolated is not None:
            rows, stamps, lost = self._drop_invented(rows, stamps, lost)
        self._rows.append(rows)
        runs = self._fit.feed(stamps, lost.tolist() if lost.any() else None)
        if (rate := self._fit.mismatch) is not None:
            raise StreamError(
                f"{self.spec.name}: expected {self.spec.sfreq:g} Hz, as the stream declares, "
                f"and it sends {rate:.4g} Hz: correct the declared rate in the sender"
            )
        return runs

    def _drop_invented(
        self, rows: NDArray[Any], stamps: NDArray[np.float64], lost: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.int64]]:
        kept = rows[:, self._layout.interpolated] != 1
        steps = np.cumsum(1 + lost) + self._invented  # index of every row, counted from the last kept one
        index = steps[kept]
        missing = np.diff(index, prepend=0) - 1
        self._invented = int(steps[-1] - (index[-1] if len(index) else 0))
        return rows[kept], stamps[kept], missing

    def _missed(self, now: float) -> list[Run]:
        """Nothing came: if that lasts, decide on what is held."""
        return self._fit.flush() if self._fit.held and self._silent(now) else []

    # ------------------------------------------------------------------------------------------- handing on

    def _batches(self, runs: Sequence[Run], arrived: float, state: SourceState) -> list[Batch]:
        if not runs:
            return []
        rows = self._rows[0] if len(self._rows) == 1 else np.concatenate(self._rows)
        batches, first = [], 0
        for run in runs:
            stop = first + len(run.times)
            batches.append(self._batch(rows[first:stop], run, arrived, state))
            state, first = SourceState.FLOWING, stop
        self._rows = [rows[first:]] if first < len(rows) else []
        return batches

    def _batch(self, rows: NDArray[Any], run: Run, arrived: float, state: SourceState) -> Batch:
        data = rows[:, self._layout.columns].astype(np.float32, copy=False)
        data *= self._layout.factors
        self._check(data)
        seq = self._seq + run.gap_before
        self._seq = seq + len(rows)
        chunk = SampleChunk(read_only(data), run.times, arrived, seq, run.gap_before)
        return Batch(chunk, self._onsets(rows, run, arrived), state)

    def _check(self, data: NDArray[np.float32]) -> None:
        """Compare the first seconds with the declared unit."""
        if self._checked is None:
            return
        self._checked.append(data)
        if sum(map(len, self._checked)) >= CHECKED * self.spec.sfreq:
            check_range(np.concatenate(self._checked), self.spec.channels)
            self._checked = None

    def _onsets(self, rows: NDArray[Any], run: Run, arrived: float) -> tuple[Marker, ...]:
        markers: list[Marker] = []
        for column, source, decoder in self._triggers:
            if run.gap_before:
                decoder.reset()
            onsets = decoder.feed(rows[:, column], 0)
            markers += [Marker(float(run.times[at.sample]), str(at.value), source, arrived) for at in onsets]
        return tuple(markers)

    def _drain_markers(self, now: float) -> tuple[Marker, ...]:
        if self._late is not None and now - self._looked > LOOK_ROUND:
            self._looked = now
            self._adopt(self._late.in_sight)
        return tuple(marker for inlet in self._markers for marker in inlet.drain(self._clock))

    def _adopt(self, found: Sequence[FoundStream]) -> None:
        """Read marker streams that came later; a restarted one has its source id, and recovers by itself."""
        known = {inlet.key for inlet in self._markers}
        for stream in found:
            if (stream.source_id or stream.uid) not in known:
                inlet = MarkerInlet(stream)
                with suppress(RuntimeError):  # it is asked again at the next look
                    inlet.open(LATE_DETAILS)
                    self._markers.append(inlet)

    # -------------------------------------------------------------------------------------------------- state

    def _next_state(self, now: float, *, received: bool) -> SourceState:
        if received:
            interrupted = self._state in (SourceState.STALLED, SourceState.LOST)
            self._state = SourceState.RECOVERED if interrupted else SourceState.FLOWING
            if self._last_arrival is not None and not interrupted:
                self._interval = max(now - self._last_arrival, 0.9 * self._interval)
            self._last_arrival = now
        elif self._silent(now) and self._state is not SourceState.LOST:
            assert self._last_arrival is not None  # noqa: S101 (for the type checker)
            lost = now - self._last_arrival > LOST_AFTER
            self._state = SourceState.LOST if lost else SourceState.STALLED
        return self._state

    def _silent(self, now: float) -> bool:
        if self._last_arrival is None:
            return False
        return now - self._last_arrival > max(STALLED_AFTER, 3 * self._interval)


def _open(found: FoundStream) -> Any:
    from pylsl import StreamInlet, cf_string, proc_clocksync  # noqa: PLC0415

    if found.handle.channel_format() == cf_string or not found.sfreq:
        raise StreamError(
            f"expected a stream of samples at a fixed rate, got {found}: choose another with --stream"
        )
    return StreamInlet(found.handle, max_buflen=BUFFER, processing_flags=proc_clocksync)


def _describe(inlet: Any, found: FoundStream, reference: str | None) -> tuple[Layout, StreamSpec]:
    """Read what the stream says of itself; what it leaves out is an EEG channel in microvolts."""
    try:
        info = inlet.info(DETAILS)
    except RuntimeError as error:
        raise StreamError(
            f"{found.name}: expected its description within {DETAILS:g} s: {error} Restart it"
        ) from None
    labels = info.get_channel_labels() or [None] * found.n_channels
    kinds = info.get_channel_types() or [None] * found.n_channels
    units = info.get_channel_units() or [None] * found.n_channels
    arranged = layout(
        [label or f"Ch{i}" for i, label in enumerate(labels, 1)],
        [kind or "" for kind in kinds],
        [unit or "" for unit in units],
    )
    said = info.desc().child("reference").child_value("label")
    spec = StreamSpec(
        name=found.name,
        type=found.type,
        source_id=found.source_id,
        sfreq=found.sfreq,
        channels=arranged.channels,
        reference=reference or said or None,
    )
    return arranged, spec
