"""A live session: a source, an epocher, a decoder and sinks, on two threads, with an orderly end.

`acquire` pulls, preprocesses and cuts, and never blocks on the others; `decode` decodes and hands to the sinks.
The dashboard owns no thread and reads `snapshot()`.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from bci.above_chance import AboveChance
from bci.clock import Clock
from bci.decided import Decided, DecisionTable
from bci.decoder import Decoder
from bci.ending import EndWatch
from bci.epochs import Epocher
from bci.errors import BciError, MismatchError, SessionError
from bci.history import History
from bci.randomisation import Randomisation
from bci.sinks import Sink
from bci.source import Source
from bci.tally import totals
from bci.types import Batch, Decision, Epoch, SourceState
from bci.worker import DecodeWorker

__all__ = ["Session", "Snapshot", "check_fit"]

_LOG = logging.getLogger(__name__)

_TOLD = (SourceState.STALLED, SourceState.LOST, SourceState.RECOVERED)
"""States of the source that the log tells of."""

_PULL_TIMEOUT = 0.1  # seconds: how long a stop may go unnoticed while no sample comes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a session stands: the latest, never a backlog.

    Parameters
    ----------
    state
        What the source is doing.
    samples
        Samples received, missing ones counted.
    waiting
        Events whose window is not complete.
    ignored_markers
        Markers that made no event.
    recent
        The latest decisions, oldest first.
    decided
        All decisions, as columns.
    e_value, above_chance
        Evidence against chance that may be watched, see `bci.eprocess`, and whether it has sufficed; None and
        False where the order of concepts is not declared.
    missing
        Samples that never came, by gaps.
    mask
        Channels of the decoder that are made up from the others.
    """

    state: SourceState
    samples: int
    waiting: int
    ignored_markers: int
    recent: tuple[Decision, ...]
    decided: Decided
    e_value: float | None = None
    above_chance: bool = False
    missing: int = 0
    mask: tuple[str, ...] = ()


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


class Session:
    """Decodes one source until it ends or is stopped.

    Parameters
    ----------
    source
        Where samples and markers come from; closed at the end.
    epocher, decoder
        What cuts and what decodes; they must fit each other.
    sinks
        Where decisions go, in this order; closed at the end.
    clock
        Seconds on the LSL clock.
    budget
        Seconds of latency above which a decision is `late`.
    queue
        Epochs that may wait for the decoder for more than a second.
    until_end
        Stop at the marker `bci:end`, or when the stream has been lost for `patience` seconds.
    patience
        Seconds, see `until_end`.
    paradigm
        What is declared about the order of concepts; None where nothing is.
    history
        Where samples are kept for those who want to see them; None if nobody does.

    Raises
    ------
    MismatchError
        If the decoder does not fit the epochs.
    """

    def __init__(
        self,
        source: Source,
        epocher: Epocher,
        decoder: Decoder,
        sinks: Sequence[Sink],
        clock: Clock,
        *,
        budget: float = 0.05,
        queue: int = 8,
        until_end: bool = False,
        patience: float = 10.0,
        paradigm: Randomisation | None = None,
        history: History | None = None,
    ) -> None:
        check_fit(epocher, decoder)
        self._source = source
        self._epocher = epocher
        self._picking = epocher.preprocessor.picking
        self._sinks = tuple(sinks)
        self._clock = clock
        self._history = history
        self._end = EndWatch(1 / source.spec.sfreq, patience) if until_end else None
        self._n_concepts = len(decoder.spec.concepts)
        self._table = DecisionTable()
        self._above_chance = None if paradigm is None else AboveChance(paradigm, self._n_concepts)
        self._recent: deque[Decision] = deque(maxlen=50)
        self._lock = threading.Lock()
        self._state = SourceState.CONNECTED
        self._samples = self._missing = 0
        self._newest = -math.inf  # time of the newest sample
        self._since = math.inf  # onset of the first event that counts
        self._stopping = threading.Event()
        self._ended = ""
        self._error: BaseException | None = None
        self._acquire = threading.Thread(target=self._run, name="acquire", daemon=True)
        self._worker = DecodeWorker(
            decoder,
            self._publish,
            clock,
            budget=budget,
            capacity=queue,
            source_state=lambda: self._state,
            on_error=self._fail,
        )

    # -------------------------------------------------------------------------------- from outside

    def start(self, *, hold: bool = False) -> None:
        """Warm the decoder up, then begin to acquire; with `hold` events do not count until `begin` is called."""
        if not hold:
            self._since = -math.inf
        self._worker.start()
        self._worker.warm.wait()
        self._acquire.start()

    def begin(self) -> None:
        """Let events count whose onset comes after the newest sample; those before are forgotten."""
        self._since = self._newest

    def leave_out(self, labels: Collection[str]) -> None:
        """Decode without the signal of these channels of the stream from the next samples on, and with all others.

        Those that the decoder needs are made up from the others; windows that reach across the change are lost,
        and every decision says what was made up.

        Raises
        ------
        MismatchError
            If there is no such channel, or the others cannot make up for it.
        """
        self._picking = self._epocher.preprocessor.without(labels)
        made_up = ", ".join(self._picking.made_up) or "no channel"
        _LOG.warning("left out by hand: %s; made up from the others: %s", ", ".join(labels) or "nothing", made_up)

    def stop(self, reason: str) -> None:
        """Ask for the end; the first reason given is the one that is kept."""
        if not self._stopping.is_set():
            self._ended = self._ended or reason
            self._stopping.set()

    def wait(self, timeout: float) -> bool:
        """Wait until the session is asked to end; say whether it was."""
        return self._stopping.wait(timeout)

    def finish(self) -> dict[str, Any]:
        """End in order: no new events, acquire ends, decode drains, sinks flush and close.

        Returns
        -------
        summary
            The fields of `summary.json` that the session knows.
        """
        self.stop("stopped")
        if self._acquire.ident is not None:
            self._acquire.join()
        self._source.close()
        self._worker.close()
        for sink in self._sinks:
            sink.close()
        snapshot = self.snapshot()
        summary = totals(snapshot.decided, self._n_concepts)
        summary["e_value"] = snapshot.e_value
        summary["above_chance"] = None if snapshot.e_value is None else snapshot.above_chance
        summary["unwritten"] = sum(sink.dropped for sink in self._sinks)
        summary["ignored_markers"] = self._epocher.ignored_markers
        summary["ended"] = self._ended
        summary["error"] = None if self._error is None else f"{type(self._error).__name__}: {self._error}"
        return summary

    def raise_error(self) -> None:
        """Raise what ended a thread, if anything did.

        Raises
        ------
        BciError
            The error itself if it is ours, else a `SessionError` that names it.
        """
        if isinstance(self._error, BciError):
            raise self._error
        if self._error is not None:
            kind = type(self._error).__name__
            raise SessionError(f"the session died of {kind}: {self._error}") from self._error

    def snapshot(self) -> Snapshot:
        """Return how the session stands."""
        with self._lock:
            return Snapshot(
                state=self._state,
                samples=self._samples,
                waiting=self._epocher.waiting,
                ignored_markers=self._epocher.ignored_markers,
                recent=tuple(self._recent),
                decided=self._table.view(),
                e_value=None if self._above_chance is None else self._above_chance.value,
                above_chance=self._above_chance is not None and self._above_chance.said,
                missing=self._missing,
                mask=self._epocher.preprocessor.interpolated,
            )

    # -------------------------------------------------------------------------------- acquire

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                batch = self._source.pull(_PULL_TIMEOUT)
                if batch is None:
                    self.stop("the source ended")
                    break
                self._take(batch)
        except BaseException as error:  # noqa: BLE001 (whatever ends this thread ends the session, with a summary)
            self._fail(error)
        self._hand_on(self._epocher.finish())

    def _take(self, batch: Batch) -> None:
        self._follow(batch.state)
        if self._picking is not self._epocher.preprocessor.picking:
            self._epocher.preprocessor.adopt(self._picking)
        if batch.chunk is not None:
            self._samples = batch.chunk.seq + len(batch.chunk.times)
            self._missing += batch.chunk.gap_before
            self._newest = float(batch.chunk.times[-1])
            if self._history is not None:
                self._history.append(batch.chunk)
        self._hand_on(self._epocher.feed(batch))
        if self._end is not None and (reason := self._end.feed(batch, self._clock())) is not None:
            self.stop(reason)

    def _hand_on(self, epochs: list[Epoch]) -> None:
        for epoch in epochs:
            if epoch.onset > self._since:
                self._worker.put(epoch)
            elif self._above_chance is not None:
                with self._lock:
                    self._above_chance.pass_over(epoch)

    def _follow(self, state: SourceState) -> None:
        before, self._state = self._state, state
        if state is not before and state in _TOLD:
            _LOG.warning("%s: %s", self._source.spec.name, state)

    # -------------------------------------------------------------------------------- decode

    def _publish(self, decision: Decision) -> None:
        for sink in self._sinks:
            sink.put(decision)
        with self._lock:
            self._table.add(decision)
            if self._above_chance is not None:
                self._above_chance.add(decision)
            self._recent.append(decision)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error  # `raise_error` tells of it
        self.stop("an error")
