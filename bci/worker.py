"""The decode thread: epochs in, decisions out, each within a budget and none unaccounted for.

The queue is bounded. When the decoder cannot keep up, the epoch that has waited longest is given up and becomes
a decision with status `dropped`; what waits longest is worth least.
"""

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from bci.clock import Clock
from bci.decoder import Decoder
from bci.types import Decision, Epoch, Flag, Ranking, SourceState, Status
from bci.verdict import Passage, settle

__all__ = ["TOP_K", "DecodeWorker"]

TOP_K = 5
"""Concepts named in a decision."""

_WARM_UP = 20  # passes before the first event: memory is allocated and kernels are chosen in the first few


class DecodeWorker:
    """Decodes on a thread of its own.

    Parameters
    ----------
    decoder
        What decodes; called from this thread alone.
    publish
        Called from this thread with each decision, in order.
    clock
        Seconds on the LSL clock.
    budget
        Seconds of latency above which a decision is `late`.
    capacity
        Epochs that may wait; 1 in sliding mode, where a newer window supersedes an older one.
    source_state
        Tells what the source is doing.
    on_error
        Called from this thread if it dies.
    """

    def __init__(
        self,
        decoder: Decoder,
        publish: Callable[[Decision], None],
        clock: Clock,
        *,
        budget: float,
        capacity: int,
        source_state: Callable[[], SourceState],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._decoder = decoder
        self._publish = publish
        self._clock = clock
        self._budget = budget
        self._capacity = capacity
        self._source_state = source_state
        self._on_error = on_error
        self._waiting: deque[Epoch] = deque()
        self._given_up: deque[Epoch] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._seq = 0
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self.warm = threading.Event()

    def start(self) -> None:
        """Start the thread; `warm` is set once the decoder is warm."""
        self._thread.start()

    def put(self, epoch: Epoch) -> None:
        """Hand over an epoch; never blocks."""
        with self._changed:
            self._waiting.append(epoch)
            if len(self._waiting) > self._capacity:
                self._given_up.append(self._waiting.popleft())
            self._changed.notify()

    def close(self) -> None:
        """Decode what waits, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._warm_up()
            while (task := self._next()) is not None:
                self._publish(self._decide(*task))
        except BaseException as error:  # noqa: BLE001 (the session must hear of anything that ends its thread)
            self._on_error(error)
        finally:
            self.warm.set()

    def _warm_up(self) -> None:
        spec = self._decoder.spec
        silence = np.zeros((1, len(spec.channels), spec.n_times), np.float32)
        for _ in range(_WARM_UP):
            self._decoder.decode(silence, [None], TOP_K)
        self.warm.set()

    def _next(self) -> tuple[Epoch, bool] | None:
        """Wait for an epoch; also say whether it was given up. None: there are no more."""
        with self._changed:
            while not (self._waiting or self._given_up or self._closing):
                self._changed.wait()
            if self._given_up:
                return self._given_up.popleft(), True
            return (self._waiting.popleft(), False) if self._waiting else None

    def _decide(self, epoch: Epoch, given_up: bool) -> Decision:
        taken = self._clock()
        flags = list(epoch.quality.flags)
        ranking = None
        if epoch.data is not None and given_up:
            reason = "superseded by a newer window" if epoch.marker is None else "the decoder could not keep up"
            flags.append(Flag(Status.DROPPED, reason))
        elif epoch.data is not None:
            ranking = self._rank(epoch)
        decoded = self._clock()
        passage = Passage(epoch.stamps, taken, decoded, self._clock())
        if ranking is not None and passage.latency > self._budget:
            reason = f"{passage.latency * 1e3:.1f} ms, budget {self._budget * 1e3:g} ms"
            flags.append(Flag(Status.LATE, reason))
        return self._write(epoch, flags, ranking, passage)

    def _rank(self, epoch: Epoch) -> Ranking:
        assert epoch.data is not None  # noqa: S101 (the caller looked)
        return self._decoder.decode(epoch.data[None], [epoch.truth], TOP_K)[0]

    def _write(self, epoch: Epoch, flags: list[Flag], ranking: Ranking | None, passage: Passage) -> Decision:
        status, reason = settle(flags)
        seq, self._seq = self._seq, self._seq + 1
        return Decision(
            seq=seq,
            marker=epoch.marker,
            onset=epoch.onset,
            truth=epoch.truth,
            group=epoch.group,
            status=status,
            reason=reason,
            ranking=ranking,
            stages=passage.stages,
            latency=passage.latency,
            source_state=self._source_state(),
        )
