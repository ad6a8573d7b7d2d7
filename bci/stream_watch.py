"""The streams in sight, kept up to date on a thread: somebody wants to choose one, and shall not wait."""

import logging
import threading

from bci.stream_monitor import Observed, StreamMonitor

__all__ = ["StreamWatch"]

_LOG = logging.getLogger(__name__)

REFRESH = 0.5  # seconds


class StreamWatch:
    """Looks round every half second from `start` until `stop`.

    While it looks it listens to every stream in sight; so it has to be stopped before a session opens one of them:
    a process has one inlet of a stream.
    """

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: tuple[Observed, ...] = ()

    @property
    def seen(self) -> tuple[Observed, ...]:
        """The streams in sight and how they are doing, as of the latest look."""
        return self._seen

    def start(self) -> None:
        """Begin to look; does nothing if it looks already."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="streams")
            self._thread.start()

    def stop(self) -> None:
        """Close all inlets; returns once they are closed."""
        if self._thread is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        monitor = StreamMonitor()
        try:
            while not self._stopping.is_set():
                self._seen = tuple(monitor.watch(REFRESH))
        except Exception:  # noqa: BLE001 (whoever chooses a stream sees none, and the log says why)
            self._seen = ()
            _LOG.exception("the streams in sight can no longer be told")
        finally:
            monitor.close()
