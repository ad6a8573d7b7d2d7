"""How much memory this process takes for itself."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["anonymous_memory", "looking_at_memory"]

LOOK = 0.05
"""Seconds between two looks."""


def anonymous_memory() -> int | None:
    """Return the bytes in memory that are no file's (Linux: RssAnon); None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), None)


@contextmanager
def looking_at_memory(seen: list[int]) -> Iterator[None]:
    """Note every now and then how much anonymous memory this process has, where the system tells."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK):
            if (taken := anonymous_memory()) is not None:
                seen.append(taken)

    thread = threading.Thread(target=look, name="memory", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
