"""A live session: a source, an epocher, a decoder and sinks, on two threads, with an orderly end.

`acquire` pulls, preprocesses and cuts, and never blocks on the others; `decode` decodes and hands to the sinks.
The dashboard owns no thread and reads `snapshot()`.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, Protocol

from bci.admission import Admission
from bci.bad_channels import BadChannels
from bci.channel_choice import ChannelChoice
from bci.clock import Clock
from bci.decoder import Decoder
from bci.ending import EndWatch
from bci.epochs import Epocher
from bci.errors import BciError, ConfigError, MismatchError, SessionError
from bci.evidence import Accumulation
from bci.flow_watch import Standing, burdened
from bci.history import History
from bci.journal import Entry, Journal, Kind, plain
from bci.nameless import nameless
from bci.pair import Pair, check_fit
from bci.randomisation import Randomisation
from bci.records import Records
from bci.sinks import Sink
from bci.snapshot import Snapshot
from bci.source import Source
from bci.terms import Terms
from bci.types import Batch, Decision, Epoch, SourceState
from bci.worker import DecodeWorker, warm_up

__all__ = ["Part", "Session"]

_LOG = logging.getLogger(__name__)

_TOLD = (SourceState.STALLED, SourceState.LOST, SourceState.RECOVERED, SourceState.DEGRADED)
"""States of the source that the log tells of."""

_LONGEST_REST = 0.005  # s: waking up for every sample of a fast stream costs a core more than decoding
_EAGER = 0.01  # s before the last sample of a window from which on each sample is taken at once
_PULL_TIMEOUT = 0.1  # seconds: how long a stop may go unnoticed while no sample comes


class Part(Protocol):
    """Something that a session goes on without, and says so."""

    @property
    def trouble(self) -> str:
        """What is wrong with it, in a few words that stay the same while it is; empty if nothing is."""
        ...


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
    journal
        Where it is written down what was done; closed at the end. None: nowhere.
    warm
        Called once the decoder is warm, before a sample is taken: what records everything begins then.
    drained
        Called at the end when all is decided and written down, while the sinks are still open: what records them
        ends then.
    accumulation
        Sums the evidence of repeats; None where it may not.
    channels
        What is done about bad channels; None: nothing, and nobody looks.
    beside
        What else belongs to it, and may suffer: recordings. Its sinks and its decoder it knows.

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
        journal: Journal | None = None,
        warm: Callable[[], None] | None = None,
        drained: Callable[[], None] | None = None,
        accumulation: Accumulation | None = None,
        channels: BadChannels | None = None,
        beside: Sequence[Part] = (),
    ) -> None:
        check_fit(epocher, decoder)
        first = Pair(epocher, decoder, accumulation)
        self._source = source
        self._terms = Terms(first)
        self._successors: deque[Pair] = deque()  # that acquire has not seen yet
        self._records = Records(first, paradigm)
        self._admission = Admission()
        self._choice = ChannelChoice(channels, partial(self._write, Kind.LEAVE_OUT))
        self._choice.look_after(first)
        self._sinks = tuple(sinks)
        self._parts: tuple[Part, ...] = (self._choice, *sinks, *beside)
        self._clock = clock
        self._history = history
        self._journal = journal
        self._warm = warm
        self._drained = drained
        self._end = EndWatch(1 / source.spec.sfreq, patience) if until_end else None
        self._source_stands: Standing = (SourceState.CONNECTED, "")
        self._told: tuple[SourceState, tuple[str, ...]] = (SourceState.CONNECTED, ())
        self._samples = self._missing = 0
        self._rest = 0.0  # s for which samples may be left lying
        self._newest = -math.inf  # time of the newest sample
        self._stopping = threading.Event()
        self._ended = ""
        self._over = False
        self._error: BaseException | None = None
        self._acquire = threading.Thread(target=self._run, name="acquire", daemon=True)
        self._worker = DecodeWorker(
            decoder,
            self._publish,
            clock,
            budget=budget,
            capacity=queue,
            standing=self._stand,
            on_error=self._fail,
        )

    # -------------------------------------------------------------------------------- from outside

    def start(self, *, hold: bool = False) -> None:
        """Warm the decoder up, then begin to acquire; with `hold` events do not count until `begin` is called."""
        if not hold:
            self._admission.begin(-math.inf)
        self._warn_of(self._terms.current)
        self._worker.start()
        self._worker.warm.wait()
        try:
            if self._warm is not None:
                self._warm()
        except BaseException:
            self.finish()
            raise
        self._acquire.start()

    def begin(self) -> None:
        """Let events count whose onset comes after the newest sample; those before are forgotten."""
        self._admission.begin(self._newest)
        self._write(Kind.BEGIN, time=self._now())

    def pause(self) -> None:
        """Decide on nothing that is shown from now on, until `resume`; such events are counted.

        Raises
        ------
        SessionError
            If the session has ended.
        """
        self._refuse_if_over()
        now = self._now()
        if self._admission.pause(now):
            self._write(Kind.PAUSE, time=now)

    def resume(self) -> None:
        """End a pause.

        Raises
        ------
        SessionError
            If the session has ended.
        """
        self._refuse_if_over()
        now = self._now()
        if self._admission.resume(now):
            self._write(Kind.RESUME, time=now)

    def exclude(self, start: float, stop: float) -> None:
        """Say of a stretch that something is wrong with it.

        Decisions go on, and those in it count in the headline as before: what they came to could be the reason.
        They are left out of accepted-only figures.

        Parameters
        ----------
        start, stop
            Seconds from the newest sample; below 0 is past.

        Raises
        ------
        ConfigError
            If it does not end after it began.
        SessionError
            If the session has ended.
        """
        self._refuse_if_over()
        if not -math.inf < start < stop < math.inf:
            raise ConfigError(f"expected a stretch that ends after it begins, got {start:g} to {stop:g} s")
        now = self._now()
        self._records.exclude((now + start, now + stop))
        self._write(Kind.EXCLUDE, time=now + start, duration=stop - start)

    def note(self, text: str) -> None:
        """Write a remark into the journal; it must name nobody.

        Raises
        ------
        ConfigError
            If it is empty, or longer than a note may be.
        SessionError
            If the session has ended.
        """
        self._refuse_if_over()
        self._write(Kind.NOTE, plain(text))

    def leave_out(self, labels: Collection[str]) -> None:
        """Decode without the signal of these channels of the stream from the next samples on, and with all others.

        Those that the decoder needs are made up from the others; windows that reach across the change are lost,
        and every decision says what was made up.

        Raises
        ------
        MismatchError
            If there is no such channel, or the others cannot make up for it.
        SessionError
            If the session has ended.
        """
        self._refuse_if_over()
        self._choice.leave_out(labels)

    def swap(self, pair: Pair) -> int:
        """Decode with another pair what is shown from now on, and with the present one what was shown before.

        The decoder is warmed up here, on the caller's thread. The snapshot then tells of the new pair alone, the
        summary of both.

        Returns
        -------
        first
            Number of the first decision that may be its own.

        Raises
        ------
        MismatchError
            If decoder and epochs do not fit each other or the stream, or one slides over the signal and the other
            waits for markers.
        """
        check_fit(pair.epocher, pair.decoder)
        now = self._terms.current.epocher
        if pair.epocher.stream != now.stream or pair.epocher.events.mode != now.events.mode:
            raise MismatchError(
                f"expected a decoder of {now.events.mode} windows of {now.stream.name}, "
                f"got one of {pair.epocher.events.mode} windows of {pair.epocher.stream.name}"
            )
        self._choice.look_after(pair)
        warm_up(pair.decoder)
        first = self._records.open(pair)
        self._successors.append(pair)
        spec = pair.decoder.spec
        _LOG.warning("switched to decoder %s, bank %s of %d concepts", spec.model, spec.bank, len(spec.concepts))
        self._warn_of(pair)
        return first

    def _warn_of(self, pair: Pair) -> None:
        if pair.mismatch is not None:
            _LOG.warning("decoder %s: %s", pair.decoder.spec.model, pair.mismatch)

    def _refuse_if_over(self) -> None:
        if self._over:
            raise SessionError("the session has ended: nothing of it can be changed or written down any more")

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
        self._over = True
        self._write(Kind.ENDED, self._ended)
        if self._drained is not None:
            self._drained()
        if self._journal is not None:
            self._journal.close()
        for sink in self._sinks:
            sink.close()
        summary = self._records.summary()
        summary["unwritten"] = sum(sink.dropped for sink in self._sinks)
        summary["ignored_markers"] = self._terms.ignored_markers
        summary["paused_events"] = self._admission.paused_events
        summary["ended"] = self._ended
        error = self._error
        summary["error"] = None if error is None else nameless(f"{type(error).__name__}: {error}")
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
        told = self._records.told()
        state, reason = self._stand()
        return Snapshot(
            state=state,
            reason=reason,
            samples=self._samples,
            waiting=self._terms.waiting,
            ignored_markers=self._terms.ignored_markers,
            recent=told.recent,
            decided=told.decided,
            e_value=told.e_value,
            above_chance=told.above_chance,
            missing=self._missing,
            mask=self._terms.current.epocher.preprocessor.interpolated,
            pauses=self._admission.pauses,
            excluded=self._records.excluded,
            paused_events=self._admission.paused_events,
        )

    # -------------------------------------------------------------------------------- acquire

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                batch = self._source.pull(_PULL_TIMEOUT, self._rest)
                if batch is None:
                    self.stop("the source ended")
                    break
                self._take(batch)
        except BaseException as error:  # noqa: BLE001 (whatever ends this thread ends the session, with a summary)
            self._fail(error)
        self._hand_on(self._terms.finish())

    def _take(self, batch: Batch) -> None:
        if batch.chunk is not None:
            self._choice.mind(batch.chunk, self._terms.current)
        self._change_over()
        self._follow(batch)
        if batch.chunk is not None:
            if not self._samples:
                self._write_beginning(float(batch.chunk.times[0]))
            self._samples = batch.chunk.seq + len(batch.chunk.times)
            self._missing += batch.chunk.gap_before
            self._newest = float(batch.chunk.times[-1])
            if self._history is not None:
                self._history.append(batch.chunk)
        self._hand_on(self._terms.feed(batch))
        self._look_ahead(batch)
        if self._end is not None and (reason := self._end.feed(batch, self._clock())) is not None:
            self.stop(reason)

    def _change_over(self) -> None:
        """Do what others have asked for."""
        changed = self._choice.apply()
        while self._successors:  # which do without the same channels
            self._terms.follow(self._successors.popleft())
            changed = True
        if changed:
            self._choice.assess(self._terms.current)

    def _look_ahead(self, batch: Batch) -> None:
        """Rest while no window is about to be complete, and have the decoder warm when one is."""
        due = self._terms.due
        ahead = due - self._newest
        self._rest = min(max(ahead - _EAGER, 0.0), _LONGEST_REST)
        if batch.chunk is not None and ahead < _EAGER:
            self._worker.expect(due + batch.chunk.arrived - self._newest)

    def _hand_on(self, epochs: list[tuple[Epoch, Pair]]) -> None:
        for cut, pair in epochs:
            epoch = self._choice.flagged(cut, pair)
            if self._admission.admit(epoch.onset):
                self._worker.put(epoch, pair)
            else:
                self._records.pass_over(epoch)

    def _follow(self, batch: Batch) -> None:
        self._source_stands = (batch.state, batch.reason)
        state, reason = self._stand()
        (before, _), told = self._told, (state, self._troubles() if state is SourceState.DEGRADED else ())
        if told == self._told:
            return
        self._told = told
        self._write(Kind.STATE, f"{state}: {reason}" if reason else str(state))
        if state in _TOLD:
            _LOG.warning("%s: %s: %s", self._source.spec.name, state, reason)
        elif before is SourceState.DEGRADED:
            _LOG.warning("%s: %s, nothing is wrong any more", self._source.spec.name, state)

    def _stand(self) -> Standing:
        """Say how the session stands: as its source, or `degraded` where samples flow and a part of it suffers."""
        return burdened(self._source_stands, self._troubles())

    def _troubles(self) -> tuple[str, ...]:
        parts = (*self._parts, self._terms.current.decoder)
        return tuple(filter(None, (part.trouble for part in parts)))

    # -------------------------------------------------------------------------------- journal

    def _write_beginning(self, first: float) -> None:
        """Say where filters begin, and that events count if nobody has to say so."""
        self._write(Kind.FIRST_SAMPLE, time=first)
        if self._admission.from_the_first:
            self._write(Kind.BEGIN, time=first)

    def _now(self) -> float:
        """Time of the newest sample, on whose clock onsets are: a file that is played has one of its own."""
        return self._newest if math.isfinite(self._newest) else self._clock()

    def _write(self, kind: Kind, text: str = "", time: float | None = None, duration: float = 0.0) -> None:
        if self._journal is not None:
            self._journal.write(Entry(self._clock() if time is None else time, kind, text, duration))

    # -------------------------------------------------------------------------------- decode

    def _publish(self, decision: Decision, pair: Pair) -> None:
        for sink in self._sinks:
            sink.put(decision)
        self._records.add(decision, pair)

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error  # `raise_error` tells of it
        self.stop("an error")
