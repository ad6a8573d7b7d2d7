"""A session's four phases, driven by buttons: configure, ready, running, stopped.

What takes time, loading a decoder, opening a stream, ending in order, happens on one thread; whoever pushes
buttons only asks, and reads `status()`.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from bci.errors import ConfigError
from bci.snapshot import Snapshot
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

    def pause(self) -> None:
        """Decide on nothing that is shown, until `resume`."""
        ...

    def resume(self) -> None:
        """End a pause."""
        ...

    def exclude(self, start: float, stop: float) -> None:
        """Say that something is wrong with a stretch, seconds from now; below 0 is past."""
        ...

    def note(self, text: str) -> None:
        """Write a remark into the journal."""
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
        self._switching: threading.Thread | None = None
        self._changing = threading.Lock()  # of the status, which several threads change

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
            self._change(phase=Phase.RUNNING)
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

    def pause(self) -> None:
        """Pause a session that runs, or go on with one that is paused.

        Raises
        ------
        BciError
            If it is decoded elsewhere.
        """
        session = self._session
        if session is not None and self._status.phase is Phase.RUNNING:
            (session.resume if session.snapshot().paused else session.pause)()

    def exclude(self, start: float, stop: float) -> None:
        """Say that something is wrong with a stretch, seconds from now; nothing if no session is on.

        Raises
        ------
        BciError
            If it is no stretch, or it is decoded elsewhere.
        """
        if (session := self._session) is not None:
            session.exclude(start, stop)

    def note(self, text: str) -> None:
        """Write a remark into the journal; nothing if no session is on.

        Raises
        ------
        BciError
            If it is too long, or it is decoded elsewhere.
        """
        if (session := self._session) is not None:
            session.note(text)

    def switch(self, file: Path) -> Future[None]:
        """Decode with another bundle or bank from now on, once it is loaded: see `bci.viewing.Viewed.switch`.

        Returns
        -------
        done
            When what is viewed is that of the new decoder; raises why it cannot be used. The session goes on.
        """
        done: Future[None] = Future()
        viewed, session = self._status.viewed, self._session
        if viewed is None or session is None or viewed.switch is None:
            done.set_exception(ConfigError("cannot switch the decoder: no session decodes here now"))
        elif self._switching is not None and self._switching.is_alive():
            done.set_exception(ConfigError("cannot switch the decoder: another one is being loaded"))
        else:
            self._change(busy="loading another decoder")
            wanted = partial(self._switch, session, partial(viewed.switch, file), done)
            self._switching = threading.Thread(target=wanted, name="switch")
            self._switching.start()
        return done

    def _switch(self, session: Watched, load: Callable[[], Viewed], done: Future[None]) -> None:
        try:
            viewed = load()
        except BaseException as error:  # noqa: BLE001 (raised where the result is asked for)
            self._change(busy="")
            done.set_exception(error)
        else:
            if self._session is session:  # which may have ended meanwhile
                self._change(busy="", viewed=viewed)
            done.set_result(None)

    def _change(self, **changes: Any) -> None:
        with self._changing:
            self._status = replace(self._status, **changes)

    def stop(self, reason: str = "stopped") -> None:
        """Ask for the end: READY or RUNNING -> STOPPED."""
        if self._thread is None or not self._thread.is_alive():
            return
        self._unwanted = self._unwanted or reason
        self._change(busy="ending in order")
        if (session := self._session) is not None:
            session.stop(reason)

    def close(self) -> None:
        """End whatever is on and wait for it."""
        if self._thread is not None:
            self.stop("the window was closed")
            self._thread.join()
        if self._switching is not None:
            self._switching.join()

    def raise_error(self) -> None:
        """Raise what failed, if anything did."""
        if self._status.error is not None:
            raise self._status.error

    def _run(self, stream: str | None) -> None:
        try:
            self._play(stream, self._watch)
        except BaseException as error:  # noqa: BLE001 (told to whoever looks, and raised by `raise_error`)
            phase = Phase.STOPPED if self._status.viewed is not None else Phase.CONFIGURE
            self._change(phase=phase, busy="", error=error)
        else:
            self._change(phase=Phase.STOPPED, busy="")
        finally:
            self._session = None

    def _watch(self, session: Watched, viewed: Viewed) -> dict[str, Any]:
        self._session = session
        session.start(hold=self._hold)
        phase = Phase.READY if self._hold else Phase.RUNNING
        self._change(phase=phase, busy="", viewed=viewed)
        if self._unwanted:
            session.stop(self._unwanted)
        while not session.wait(_LOOK):
            pass
        summary = session.finish()
        self._change(summary=summary)
        return summary
