"""The decode thread: epochs in, decisions out, in the order of `bci.waiting`."""

import threading
from collections import deque
from collections.abc import Callable
from math import inf
from statistics import median

import numpy as np

from bci.clock import Clock
from bci.deciding import TOP_K, Decider
from bci.decoder import Decoder
from bci.flow_watch import Standing
from bci.pair import Pair
from bci.types import Decision, Epoch
from bci.waiting import Waiting

__all__ = ["DecodeWorker", "warm_up"]

_LEADS = (0.006, 0.003, 0.0013)  # s before an epoch at which silence is decoded: caches grow cold meanwhile
_LATEST = 5  # times of decoding, of which the median tells how long it takes: now and then it is held up
_SAME = 0.002  # s by which the time of an epoch may be told otherwise and still be the same
_WARM_UP = 20  # passes before the first event: memory is allocated and kernels are chosen in the first few


class DecodeWorker:
    """Decodes on a thread of its own.

    Parameters
    ----------
    cold
        What is warmed up before anything else, and then let go.
    publish
        Called from this thread with each decision and what made it, in order.
    clock
        Seconds on the LSL clock.
    budget
        Seconds of latency above which a decision is `late`.
    capacity
        See `bci.waiting.Waiting`.
    standing
        Tells what the source is doing, and why.
    on_error
        Called from this thread if it dies.
    """

    def __init__(
        self,
        cold: Decoder,
        publish: Callable[[Decision, Pair], None],
        clock: Clock,
        *,
        budget: float,
        capacity: int,
        standing: Callable[[], Standing],
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._cold: Decoder | None = cold
        self._decoder = cold  # that decoded last
        self._expected = -inf
        self._leads: deque[float] = deque()  # of the passes before the next epoch that keep the decoder warm
        self._took: deque[float] = deque([0.0], _LATEST)  # s, by epochs and such passes
        self._clock = clock
        self._decider = Decider(clock, budget, standing)
        self._publish = publish
        self._on_error = on_error
        self._waiting = Waiting(capacity)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
        self.warm = threading.Event()
        """Set once the decoder is warm, or has failed."""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, epoch: Epoch, pair: Pair) -> None:
        """Hand over an epoch and what decodes it; never blocks."""
        with self._changed:
            self._waiting.put(epoch, pair, self._clock())
            self._changed.notify()

    def expect(self, time: float) -> None:
        """Say when the next epoch will come: a decoder that has idled for 0.2 s takes three times as long.

        Said again, the earliest time counts: now and then a sample comes late, and none comes before it was sent.
        """
        if abs(time - self._expected) <= _SAME:
            self._expected = min(time, self._expected)  # looked at before each pass
            return
        with self._changed:
            self._expected = time
            self._leads = deque(_LEADS)
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
            if self._cold is not None:
                warm_up(self._cold)
            self._cold = None
            self.warm.set()
            while (task := self._next()) is not None:
                epoch, pair, given_up = task
                self._decoder = pair.decoder
                decision = self._decider.decide(epoch, pair, given_up)
                if decision.ranking is not None:
                    self._took.append(decision.stages["decode"])
                self._publish(decision, pair)
        except BaseException as error:  # noqa: BLE001 (the session must hear of whatever ends its thread)
            self._on_error(error)
        finally:
            self.warm.set()

    def _next(self) -> tuple[Epoch, Pair, str] | None:
        """Wait for an epoch; None: there are no more."""
        while self._idle():
            begun = self._clock()
            warm_up(self._decoder, 1)
            self._took.append(self._clock() - begun)
        with self._changed:
            return self._waiting.take()

    def _idle(self) -> bool:
        """Wait until there is something to do; say whether it is to keep the decoder warm."""
        with self._changed:
            while not (self._waiting or self._closing):
                left = self._expected - self._clock()
                if not self._leads or left > self._leads[0]:
                    self._changed.wait(left - self._leads[0] if self._leads else None)
                    continue
                self._leads.popleft()
                if median(self._took) < left:  # a decoder that takes longer must not be found busy
                    return True
        return False


def warm_up(decoder: Decoder, times: int = _WARM_UP) -> None:
    """Decode silence a few times, so that the next epoch waits for nothing."""
    spec = decoder.spec
    silence = np.zeros((1, len(spec.channels), spec.n_times), np.float32)
    for _ in range(times):
        decoder.decode(silence, [None], TOP_K)
