"""A device for measuring latency: one sample a push, each at its time, and every push is written down.

Its stream is noise, a channel that counts samples, and a sampled trigger channel; nothing can be decoded from it.
"""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bci.clock import lsl_clock
from bci.errors import StreamError
from bci.lsl import configure
from bci.types import Channel
from replay.dialects.speech import OutletSpec
from replay.speaking import open_outlet

__all__ = ["COUNT", "TRIGGER", "Beats", "Metronome"]

COUNT, TRIGGER = "COUNT", "TRIGGER"
"""Labels of the two channels behind the electrodes."""
AMPLITUDE = 10.0  # microvolts
WORDS = 200  # that triggers are numbered by, from 1 on
SETTLE = 0.5  # s between the first consumer and the first sample
PATIENCE = 60.0  # s to wait for a consumer


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """When samples were sent.

    Parameters
    ----------
    start
        Stamp of the first sample, seconds on the LSL clock; sample i has start + i / sfreq.
    sfreq
        Hz.
    pushed
        (n_times,) seconds on the LSL clock: when each push began.
    """

    start: float
    sfreq: float
    pushed: NDArray[np.float64]

    def index(self, stamp: float) -> int:
        """Return the sample with this stamp."""
        return round((stamp - self.start) * self.sfreq)

    @property
    def late(self) -> NDArray[np.float64]:
        """(n_times,) seconds from the time at which a push was to begin to that at which it did."""
        return np.asarray(self.pushed - self.start - np.arange(len(self.pushed)) / self.sfreq)


class Metronome:
    """The device in a process of its own, for as long as the `with` block lasts.

    It begins when somebody listens.

    Parameters
    ----------
    name
        Of its stream.
    labels
        Of its electrodes.
    sfreq, seconds
        Rate in Hz, and how long it sends.
    interval
        Samples between two triggers.
    reference
        Recording reference that the stream declares.
    session
        LSL session in which it is seen; None: the usual one.
    """

    def __init__(
        self,
        name: str,
        labels: Sequence[str],
        sfreq: float,
        seconds: float,
        interval: int,
        *,
        reference: str = "average",
        session: str | None = None,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        outlet = OutletSpec(name, "EEG", name, sfreq, _channels(labels), reference)
        arguments = (theirs, outlet, int(seconds * sfreq), interval, session)
        self._process = context.Process(target=_run, args=arguments, name="bci-metronome", daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._pipe.close()

    def sent(self, timeout: float) -> bool:
        """Wait so many seconds at most; say whether it has sent everything, or has ended otherwise."""
        return self._pipe.poll(timeout)

    def beats(self, timeout: float) -> Beats:
        """Wait until it has sent everything.

        Raises
        ------
        StreamError
            If it does not end in time, or nobody listened to it.
        """
        if not self.sent(timeout):
            raise StreamError(f"expected the device that is measured with to end within {timeout:g} s")
        try:
            answer: Beats | None = self._pipe.recv()
        except EOFError:
            answer = None
        if answer is None:
            raise StreamError(f"expected a consumer of the device within {PATIENCE:g} s, nobody came")
        return answer


def _channels(labels: Sequence[str]) -> tuple[Channel, ...]:
    electrodes = (Channel(label, "EEG", "microvolts") for label in labels)
    return (*electrodes, Channel(COUNT, "MISC", "none"), Channel(TRIGGER, "STIM", "none"))


def _run(pipe: Any, spec: OutletSpec, n_times: int, interval: int, session: str | None) -> None:
    configure(session=session)
    outlet = open_outlet(spec, speed=1.0)
    if not outlet.wait_for_consumers(PATIENCE):
        pipe.send(None)
        return
    time.sleep(SETTLE)
    pipe.send(_send(outlet, len(spec.channels) - 2, spec.sfreq, n_times, interval))
    pipe.poll(PATIENCE)  # what was sent last is still on its way


def _send(outlet: Any, n_electrodes: int, sfreq: float, n_times: int, interval: int) -> Beats:
    noise = np.random.default_rng(0).normal(0, AMPLITUDE, (int(10 * sfreq), n_electrodes)).astype(np.float32)
    row = np.zeros((1, n_electrodes + 2), np.float32)
    pushed = np.zeros(n_times)
    start = lsl_clock()
    for i in range(n_times):
        row[0, :n_electrodes] = noise[i % len(noise)]
        row[0, -2] = i
        row[0, -1] = 1 + i // interval % WORDS if i and i % interval == 0 else 0
        stamp = start + i / sfreq
        if (early := stamp - lsl_clock()) > 0:
            time.sleep(early)
        pushed[i] = lsl_clock()
        outlet.push_chunk(row, stamp)
    return Beats(start, sfreq, pushed)
