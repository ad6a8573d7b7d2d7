"""Ctrl-C and SIGTERM: the first asks for an orderly end, another one ends at once."""

import signal
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["ended_by_signals"]

_SAME_PRESS = 0.5  # seconds; launchers pass on a signal that the whole process group has had already


@contextmanager
def ended_by_signals(stop: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM, on a thread of its own; raise KeyboardInterrupt at another one.

    To be used in the main thread. The handlers that were there come back at the end.
    """
    first: list[float] = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the shape of a signal handler)
        if not first:
            first.append(clock())
            # this thread may hold the very lock that `stop` needs; starting one in the plainest way needs none
            start_new_thread(stop, ())
        elif clock() - first[0] > _SAME_PRESS:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
