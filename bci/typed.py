"""What an operator types while a session runs without a window: a command a line."""

import os
import threading
from collections.abc import Callable
from typing import Protocol

from bci.errors import BciError, ConfigError

__all__ = ["obey", "read_lines"]

_KNOWN = "pause, resume, exclude SECONDS (the last ones; below 0 the next ones) or note TEXT"
_LONGEST = 2**16  # bytes without an end of line


class Steered(Protocol):
    """A session that takes such commands."""

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


def obey(line: str, session: Steered) -> str:
    """Do what a line says; return what came of it, in words."""
    command, _, rest = line.strip().partition(" ")
    try:
        if command in ("pause", "resume") and not rest:
            (session.pause if command == "pause" else session.resume)()
        elif command == "exclude":
            seconds = _seconds(rest)
            session.exclude(min(-seconds, 0.0), max(-seconds, 0.0))
        elif command == "note":
            session.note(rest)
        else:
            raise ConfigError(f"expected {_KNOWN}; got {line.strip()[:80]!r}")
    except BciError as error:
        return str(error)
    return f"{command}: written down"


def read_lines(descriptor: int, take: Callable[[str], None]) -> threading.Thread:
    """Hand over each line of a file descriptor until its end, on a thread that nobody waits for.

    Python's own buffered input would not let the program end while it waits for a line.
    """
    thread = threading.Thread(target=_read, args=(descriptor, take), name="typed", daemon=True)
    thread.start()
    return thread


def _read(descriptor: int, take: Callable[[str], None]) -> None:
    rest = b""
    while piece := os.read(descriptor, 4096):
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[:_LONGEST]
        for line in lines:
            if line.strip():
                take(line.decode("utf-8", errors="replace"))


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"expected {_KNOWN}; got {text[:80]!r} seconds") from None
