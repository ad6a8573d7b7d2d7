"""How much memory this process takes for itself."""

from pathlib import Path

__all__ = ["anonymous_memory"]


def anonymous_memory() -> int | None:
    """Return the bytes in memory that are no file's (Linux: RssAnon); None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    lines = status.read_text(encoding="ascii", errors="replace").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), None)
