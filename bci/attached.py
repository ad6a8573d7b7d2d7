"""A session that decodes in another process or on another computer, seen from its decision stream and its EEG.

Statistics count from the moment of attaching. One thread, `attach`, pulls samples and decisions; neither waits for
the other, and nothing is sent.
"""

import logging
import threading
from collections import deque
from dataclasses import replace
from typing import Any, Protocol

from bci.above_chance import AboveChance
from bci.announced import CHILDREN, Announced, understand
from bci.clock import Clock, lsl_clock
from bci.decided import DecisionTable
from bci.discovery import FoundStream, Lookout, choose
from bci.errors import FormatError, StreamError
from bci.history import History
from bci.lsl_source import LslSource
from bci.marker_inlet import MarkerInlet
from bci.randomisation import declared
from bci.session import Snapshot
from bci.source import Source
from bci.specs import RandomisationSpec
from bci.tally import totals
from bci.types import Decision, Marker, SourceState
from bci.viewing import About
from bci.wire import decode

__all__ = ["AttachedSession", "Lines", "attach"]

_LOG = logging.getLogger(__name__)

_GLANCE = 0.02  # s that a decision may wait for samples that do not come
_LOOK = 0.5  # s between two looks whether the decision stream is in sight
_PATIENCE = 10.0  # s out of sight after which it is given up
_DETAILS = 5.0  # s to wait for the description of the decision stream


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
    FormatError
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
        self._refused = 0  # lines that were none
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

    def start(self, *, hold: bool = False) -> None:
        """Begin to listen; with `hold` decisions do not count until `begin` is called."""
        self._counts = not hold
        self._thread.start()

    def begin(self) -> None:
        """Let decisions count from now on."""
        self._counts = True

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
                decision = decode(line.value, self._about.concepts)
            except FormatError as error:
                self._refuse(error)
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
        self._refused += 1

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


def _moved(decision: Decision, onset: float) -> Decision:
    """Set it on the clock of this computer."""
    marker = None if decision.marker is None else replace(decision.marker, time=onset)
    return replace(decision, onset=onset, marker=marker)


# ---------------------------------------------------------------------------------------------------- over LSL


def attach(name: str | None = None, wait: float = 5.0, clock: Clock = lsl_clock) -> AttachedSession:
    """Find a session and listen to it; call `start` on what is returned.

    Parameters
    ----------
    name
        Name or source id of its decision stream; None: the only stream of type Decisions.
    wait
        Seconds to wait for the decision stream, and then for the EEG stream that it names.
    clock
        Seconds on the LSL clock.

    Raises
    ------
    StreamError
        If it is not there, several fit, or it does not answer.
    FormatError
        If it does not say what session it is of.
    """
    look = Lookout()
    found = choose(name, wait, look, kind="Decisions")
    if found.type != "Decisions":
        raise StreamError(f"expected a stream of type Decisions, got {found}: name another one")
    lines = _DecisionInlet(found, look)
    try:
        announced = understand(lines.open(), f"attached to {found.name} on {found.host}")
        source, why = _source(announced.about, wait)
        if source is None:
            origin = f"{announced.about.origin}, without traces: {why}"
            announced = replace(announced, about=replace(announced.about, origin=origin))
        return AttachedSession(announced, lines, source, clock)
    except BaseException:
        lines.close()
        raise


def _source(about: About, wait: float) -> tuple[Source | None, str]:
    """The EEG stream that is decoded, or why it is not to be had."""
    stream = about.stream
    try:
        source = LslSource(stream.source_id or stream.name, markers=(), reference=stream.reference, wait=wait)
    except StreamError as error:
        return None, str(error)
    if source.spec.labels != stream.labels:
        source.close()
        return None, f"the stream {stream.name!r} in sight has other channels than the session was told"
    return source, ""


class _DecisionInlet:
    """Implements `Lines` over LSL."""

    def __init__(self, found: FoundStream, look: Lookout) -> None:
        self._found = found
        self._inlet = MarkerInlet(found)
        self._sight = look

    def open(self) -> dict[str, str]:
        """Subscribe; return the values under `desc`."""
        try:
            self._inlet.open(_DETAILS)
            self._inlet.measure_offset(_DETAILS)
            info = self._inlet.describe(_DETAILS)
        except RuntimeError as error:
            raise StreamError(
                f"{self._found.name}: expected it to answer within {_DETAILS:g} s: {error} Is its session alive?"
            ) from None
        desc = info.desc()  # which is gone when `info` is
        return {child: desc.child_value(child) for child in CHILDREN}

    def drain(self, clock: Clock) -> list[Marker]:
        return self._inlet.drain(clock)

    def in_sight(self) -> bool:
        same = [stream for stream in self._sight.in_sight if stream.source_id == self._found.source_id]
        if same and all(stream.uid != self._found.uid for stream in same):
            raise StreamError("its stream was opened anew")
        return bool(same)

    def close(self) -> None:
        self._inlet.close()
