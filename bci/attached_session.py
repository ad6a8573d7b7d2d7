"""A session that decodes in another process or on another computer, seen from its decision stream and its EEG.

Statistics count from the moment of attaching. One thread, `attach`, pulls samples and decisions; neither waits for
the other, and nothing is sent.
"""

import logging
import threading
from collections import deque
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

from bci.above_chance import AboveChance
from bci.announced import Announced
from bci.clock import Clock, lsl_clock
from bci.decided import DecisionTable
from bci.errors import ConfigError, FormatError, MismatchError, StreamError
from bci.history import History
from bci.randomisation import declared
from bci.snapshot import Snapshot
from bci.source import Source
from bci.specs import RandomisationSpec
from bci.tally import totals
from bci.types import Decision, Marker, SourceState
from bci.viewing import About
from bci.wire import decode

__all__ = ["AttachedSession", "Lines"]

_LOG = logging.getLogger(__name__)

_GLANCE = 0.02  # s that a decision may wait for samples that do not come
_LOOK = 0.5  # s between two looks whether the decision stream is in sight
_PATIENCE = 10.0  # s out of sight after which it is given up


class Lines(Protocol):
    """Where lines of decisions come from."""

    def drain(self, clock: Clock) -> list[Marker]:
        """Return the lines that have come, each as the value of a marker at its event's onset; never wait."""
        ...

    def in_sight(self) -> bool:
        """Whether the session that sends them is still there.

        Raises
        ------
        StreamError
            If another one stands in its place.
        """
        ...

    def close(self) -> None:
        """Let go."""
        ...


class AttachedSession:
    """Implements `bci.viewing.Viewed` for a session elsewhere.

    States: those of the EEG stream; `degraded` while there are only decisions; `lost` while the session is out of
    sight; `ended` 10 s later, or when another session stands in its place.

    Parameters
    ----------
    announced
        What the session says of itself.
    lines
        Its decisions; closed at the end.
    source
        Its EEG, None if it is not to be had; closed at the end.
    clock
        Seconds on the LSL clock.

    Raises
    ------
    ConfigError
        If the order that is declared does not fit the concepts.
    """

    def __init__(
        self, announced: Announced, lines: Lines, source: Source | None, clock: Clock = lsl_clock
    ) -> None:
        about = announced.about
        self._about = about if source is None else replace(about, stream=source.spec)
        self._history = History(self._about.stream.sfreq, len(self._about.stream.channels))
        self._lines = lines
        self._source = source
        self._clock = clock
        self._table = DecisionTable()
        self._bets = _Bets(announced.order, about.concepts)
        self._recent: deque[Decision] = deque(maxlen=50)
        self._lock = threading.Lock()
        self._eeg = SourceState.DEGRADED if source is None else SourceState.CONNECTED
        self._session = SourceState.FLOWING
        self._samples = 0
        self._last = -1  # number of the newest decision
        self._refused = False  # whether a line was none
        self._looked = self._seen = clock()
        self._counts = False
        self._stopping = threading.Event()
        self._ended = ""
        self._error: str | None = None
        self._thread = threading.Thread(target=self._run, name="attach", daemon=True)

    # ------------------------------------------------------------------------------------------ from outside

    @property
    def about(self) -> About:
        """What stays the same, as far as it was sent."""
        return self._about

    @property
    def history(self) -> History:
        """The last minutes of the EEG stream; it stays empty without one."""
        return self._history

    @property
    def player(self) -> None:
        """None: what is played elsewhere is steered there."""

    @property
    def recordings(self) -> None:
        """None: what is decoded elsewhere is recorded there."""

    @property
    def painting(self) -> None:
        """Nothing: pictures are made where it decodes."""
        return

    @property
    def read_gallery(self) -> None:
        """None: the decoder is elsewhere."""

    @property
    def switch(self) -> None:
        """None: what decodes elsewhere is switched there."""

    def start(self, *, hold: bool = False) -> None:
        """Begin to listen; with `hold` decisions do not count until `begin` is called."""
        self._counts = not hold
        self._thread.start()

    def begin(self) -> None:
        """Let decisions count from now on."""
        self._counts = True

    def leave_out(self, labels: Collection[str]) -> None:
        """Refuse: what is decoded elsewhere is steered there.

        Raises
        ------
        ConfigError
            Always.
        """
        raise _elsewhere(f"leave out {', '.join(labels)}")

    def pause(self) -> None:
        """Refuse, as `leave_out` does."""
        raise _elsewhere("pause")

    def resume(self) -> None:
        """Refuse, as `leave_out` does."""
        raise _elsewhere("go on")

    def exclude(self, start: float, stop: float) -> None:  # noqa: ARG002 (whatever it is)
        """Refuse, as `leave_out` does."""
        raise _elsewhere("exclude a stretch")

    def note(self, text: str) -> None:  # noqa: ARG002 (whatever it is)
        """Refuse, as `leave_out` does."""
        raise _elsewhere("write a note")

    def stop(self, reason: str) -> None:
        """Ask for the end of listening, the session elsewhere goes on; the first reason given is kept."""
        self._ended = self._ended or reason
        self._stopping.set()

    def wait(self, timeout: float) -> bool:
        """Wait until it is asked to end; say whether it was."""
        return self._stopping.wait(timeout)

    def close(self) -> None:
        """Stop listening and let go; may be called twice."""
        self.stop("stopped")
        if self._thread.ident is None:
            self._let_go()
        else:
            self._thread.join()

    def finish(self) -> dict[str, Any]:
        """Close it.

        Returns
        -------
        summary
            The fields of `summary.json` that are known here, from the moment of attaching.
        """
        self.close()
        snapshot = self.snapshot()
        summary = totals(snapshot.decided, len(self._about.concepts))
        summary["e_value"] = snapshot.e_value
        summary["above_chance"] = None if snapshot.e_value is None else snapshot.above_chance
        summary["mismatch"] = self._about.mismatch
        summary["ended"], summary["error"] = self._ended, self._error
        return summary

    def snapshot(self) -> Snapshot:
        """Return how it stands; what only the session itself knows is 0."""
        with self._lock:
            return Snapshot(
                state=self._eeg if self._session is SourceState.FLOWING else self._session,
                samples=self._samples,
                waiting=0,
                ignored_markers=0,
                recent=tuple(self._recent),
                decided=self._table.view(),
                e_value=self._bets.value,
                above_chance=self._bets.said,
                mask=self._recent[-1].mask if self._recent else self._about.interpolated,
            )

    # ------------------------------------------------------------------------------------------------ attach

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._take_samples()
                self._take_lines()
                self._look()
        except Exception as error:  # noqa: BLE001 (whatever ends this thread is told of, and seen as the end)
            self._error = f"{type(error).__name__}: {error}"
            self._end(f"no longer shown: {self._error}")
        finally:
            self._let_go()

    def _take_samples(self) -> None:
        if self._source is None:
            self._stopping.wait(_GLANCE)
            return
        try:
            batch = self._source.pull(_GLANCE)
        except StreamError as error:
            self._lose_traces(str(error))
            return
        if batch is None:
            self._lose_traces("it has ended")
            return
        self._eeg = batch.state
        if batch.chunk is not None:
            self._samples = batch.chunk.seq + len(batch.chunk.times)
            self._history.append(batch.chunk)

    def _lose_traces(self, why: str) -> None:
        _LOG.warning("%s: no more samples of %s: %s", self._about.origin, self._about.stream.name, why)
        assert self._source is not None  # noqa: S101 (for the type checker)
        self._source.close()
        self._source, self._eeg = None, SourceState.DEGRADED

    def _take_lines(self) -> None:
        for line in self._lines.drain(self._clock):
            try:
                decision = decode(line.value, self._about.concepts, self._about.decoder.bank)
            except FormatError as error:
                self._refuse(error)
            except MismatchError as error:
                self._end(str(error))
            else:
                self._take(_moved(decision, line.time))

    def _take(self, decision: Decision) -> None:
        if decision.seq <= self._last:
            self._replaced("its decisions are numbered anew")
            return
        self._last = decision.seq
        if not self._counts:
            return
        with self._lock:
            self._table.add(decision)
            self._bets.add(decision)
            self._recent.append(decision)

    def _refuse(self, error: FormatError) -> None:
        if not self._refused:
            _LOG.warning("%s: a line was left out, and others like it will be: %s", self._about.origin, error)
        self._refused = True

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        try:
            there = self._lines.in_sight()
        except StreamError as error:
            self._replaced(str(error))
            return
        self._seen = now if there else self._seen
        if now - self._seen > _PATIENCE:
            self._end(f"out of sight for {_PATIENCE:g} s, given up")
        elif not self._stopping.is_set():
            self._session = SourceState.FLOWING if there else SourceState.LOST

    def _replaced(self, why: str) -> None:
        if not self._stopping.is_set():
            self._end(f"another session has begun in its place ({why}): attach again")

    def _end(self, why: str) -> None:
        _LOG.warning("%s: %s", self._about.origin, why)
        self._session = SourceState.ENDED
        self.stop(why)

    def _let_go(self) -> None:
        if self._source is not None:
            self._source.close()
        self._lines.close()


class _Bets:
    """Evidence against chance from the moment of attaching.

    Blocks without replacement must be seen whole: who attaches in the middle of a session, or misses a decision,
    does not know what is left of a block, and then nothing is said.
    """

    def __init__(self, order: RandomisationSpec | None, concepts: tuple[str, ...]) -> None:
        self._above = None if order is None else AboveChance(declared(order, concepts), len(concepts))
        self._whole = order is not None and order.kind == "blocks"
        self._next = 0

    @property
    def value(self) -> float | None:
        return None if self._above is None else self._above.value

    @property
    def said(self) -> bool:
        return self._above is not None and self._above.said

    def add(self, decision: Decision) -> None:
        if self._whole and decision.seq != self._next:
            self._above = None
        self._next = decision.seq + 1
        if self._above is not None:
            self._above.add(decision)


def _elsewhere(what: str) -> ConfigError:
    return ConfigError(f"cannot {what}: it is decoded elsewhere; do it there")


def _moved(decision: Decision, onset: float) -> Decision:
    """Set it on the clock of this computer."""
    marker = None if decision.marker is None else replace(decision.marker, time=onset)
    return replace(decision, onset=onset, marker=marker)
