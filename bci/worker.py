"""The decode thread: epochs in, decisions out, none unaccounted for.

The queue is bounded. When the decoder cannot keep up, the epoch that has waited longest is given up and becomes
a decision with status `dropped`: what waits longest is worth least. A backlog that comes at once is worked off.
"""

import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from bci.clock import Clock
from bci.deciding import TOP_K, Decider
from bci.decoder import Decoder
from bci.types import Decision, Epoch, SourceState

__all__ = ["DecodeWorker"]

_PATIENCE = 1.0  # seconds; what waits no longer came at once, when a sender that hung goes on, and is worked off
_MOST = 1024  # epochs that wait at all: bounded on any input
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
        Epochs that may wait for more than a second; 1 in sliding mode, where a newer window supersedes an older
        one at once.
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
        self._clock = clock
        self._patience = 0.0 if capacity == 1 else _PATIENCE
        self._decider = Decider(decoder, clock, budget, source_state)
        self._publish = publish
        self._capacity = capacity
        self._on_error = on_error
        self._waiting: deque[Epoch] = deque()
        self._given_up: deque[Epoch] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self.warm = threading.Event()
        """Set once the decoder is warm, or has failed."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, epoch: Epoch) -> None:
        """Hand over an epoch; never blocks."""
        with self._changed:
            self._waiting.append(epoch)
            while len(self._waiting) > self._capacity and self._overdue(self._waiting[0]):
                self._given_up.append(self._waiting.popleft())
            self._changed.notify()

    def close(self) -> None:
        """Decode what waits, then end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join()

    def _overdue(self, epoch: Epoch) -> bool:
        return len(self._waiting) > _MOST or self._clock() - epoch.stamps.cut >= self._patience

    def _run(self) -> None:
        try:
            self._warm_up()
            while (task := self._next()) is not None:
                self._publish(self._decider.decide(*task))
        except BaseException as error:  # noqa: BLE001 (the session must hear of whatever ends its thread)
            self._on_error(error)
        finally:
            self.warm.set()

    def _warm_up(self) -> None:
        spec = self._decoder.spec
        silence = np.zeros((1, len(spec.channels), spec.n_times), np.float32)
        for _ in range(_WARM_UP):
            self._decoder.decode(silence, [None], TOP_K)
        self.warm.set()

    def _next(self) -> tuple[Epoch, str] | None:
        """Wait for an epoch; also say why it was given up, if it was. None: there are no more."""
        with self._changed:
            while not (self._waiting or self._given_up or self._closing):
                self._changed.wait()
            if self._given_up:
                return self._given_up.popleft(), self._why()
            return (self._waiting.popleft(), "") if self._waiting else None

    def _why(self) -> str:
        return "superseded by a newer window" if self._capacity == 1 else "the decoder could not keep up"
