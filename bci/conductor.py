"""A session's four phases, driven by buttons: configure, ready, running, stopped.

What takes time, loading a decoder, opening a stream, ending in order, happens on one thread; whoever pushes
buttons only asks, and reads `status()`.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from bci.session import Snapshot
from bci.viewing import Viewed

__all__ = ["Conductor", "Phase", "Status", "Watch", "Watched"]


class Phase(StrEnum):
    """Where a session stands."""

    CONFIGURE = "configure"  # what to decode is still to be chosen
    READY = "ready"  # samples come in and can be seen, events do not count yet
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Status:
    """How a conductor stands.

    Parameters
    ----------
    phase
        Where the session stands.
    busy
        What is being done that takes time, in words; empty if nothing is.
    viewed
        The session to look at, from READY on.
    error
        What ended it, if something failed.
    summary
        What the session came to, once it has stopped.
    """

    phase: Phase = Phase.CONFIGURE
    busy: str = ""
    viewed: Viewed | None = None
    error: BaseException | None = None
    summary: Mapping[str, Any] | None = None


_LOOK = 1.0  # seconds between two looks at a session that nobody has ended


class Watched(Protocol):
    """A session that can be begun and ended: one that decodes here, or one that is listened to."""

    def start(self, *, hold: bool = False) -> None:
        """Begin to receive; with `hold` events do not count until `begin`."""
        ...

    def begin(self) -> None:
        """Let events count."""
        ...

    def leave_out(self, labels: Collection[str]) -> None:
        """Decode without the signal of these channels, and with all others."""
        ...

    def stop(self, reason: str) -> None:
        """Ask for the end."""
        ...

    def wait(self, timeout: float) -> bool:
        """Wait until it is asked to end; say whether it was."""
        ...

    def finish(self) -> dict[str, Any]:
        """End in order and return the summary."""
        ...

    def snapshot(self) -> Snapshot:
        """Return how it stands."""
        ...


Watch = Callable[[Watched, Viewed], dict[str, Any]]
"""Sees a session through to its end and returns its summary."""


class Conductor:
    """Takes sessions through their phases, one after the other.

    Parameters
    ----------
    play
        Called on a thread of its own with the stream that was chosen (None: the only one there is) and a `Watch`,
        which it calls once everything is open.
    hold
        Stay READY until `begin` is called; otherwise a session runs as soon as it can.
    """

    def __init__(self, play: Callable[[str | None, Watch], object], *, hold: bool = True) -> None:
        self._play = play
        self._hold = hold
        self._status = Status()
        self._session: Watched | None = None
        self._unwanted = ""  # why what is being opened shall end at once
        self._thread: threading.Thread | None = None

    def status(self) -> Status:
        """Return how it stands."""
        return self._status

    def prepare(self, stream: str | None = None) -> None:
        """Open a stream: CONFIGURE or STOPPED -> READY. Does nothing while a session is on."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._unwanted = ""
        self._status = Status(busy="loading the decoder and opening the stream")
        self._thread = threading.Thread(target=self._run, args=(stream,), name="session")
        self._thread.start()

    def begin(self) -> None:
        """Let events count: READY -> RUNNING."""
        session = self._session
        if session is not None and self._status.phase is Phase.READY:
            self._status = replace(self._status, phase=Phase.RUNNING)
            session.begin()

    def leave_out(self, labels: Collection[str]) -> None:
        """Decode without the signal of these channels, and with all others; nothing if no session is on.

        Raises
        ------
        BciError
            If they cannot be left out, or it is decoded elsewhere.
        """
        if (session := self._session) is not None:
            session.leave_out(labels)

    def stop(self, reason: str = "stopped") -> None:
        """Ask for the end: READY or RUNNING -> STOPPED."""
        if self._thread is None or not self._thread.is_alive():
            return
        self._unwanted = self._unwanted or reason
        self._status = replace(self._status, busy="ending in order")
        if (session := self._session) is not None:
            session.stop(reason)

    def close(self) -> None:
        """End whatever is on and wait for it."""
        if self._thread is not None:
            self.stop("the window was closed")
            self._thread.join()

    def raise_error(self) -> None:
        """Raise what failed, if anything did."""
        if self._status.error is not None:
            raise self._status.error

    def _run(self, stream: str | None) -> None:
        try:
            self._play(stream, self._watch)
        except BaseException as error:  # noqa: BLE001 (told to whoever looks, and raised by `raise_error`)
            phase = Phase.STOPPED if self._status.viewed is not None else Phase.CONFIGURE
            self._status = replace(self._status, phase=phase, busy="", error=error)
        else:
            self._status = replace(self._status, phase=Phase.STOPPED, busy="")
        finally:
            self._session = None

    def _watch(self, session: Watched, viewed: Viewed) -> dict[str, Any]:
        self._session = session
        session.start(hold=self._hold)
        phase = Phase.READY if self._hold else Phase.RUNNING
        self._status = replace(self._status, phase=phase, busy="", viewed=viewed)
        if self._unwanted:
            session.stop(self._unwanted)
        while not session.wait(_LOOK):
            pass
        summary = session.finish()
        self._status = replace(self._status, summary=summary)
        return summary
