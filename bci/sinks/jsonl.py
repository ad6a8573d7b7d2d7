"""`decisions.jsonl`: one line per decision, flushed before anyone else hears of it."""

import logging
from contextlib import suppress
from pathlib import Path

from bci.types import Decision
from bci.wire import Header, encode

__all__ = ["JsonlSink"]

_LOG = logging.getLogger(__name__)


class JsonlSink:
    """Writes decisions to a file that survives a kill.

    Parameters
    ----------
    path
        The file; it must not exist.
    header
        What is the same for all decisions.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._file = path.open("x", encoding="utf-8")
        self._header = header
        self.dropped = 0
        self.trouble = ""

    def put(self, decision: Decision) -> None:
        """Write and flush; a full disk is counted and said once, and does not stop the session."""
        try:
            self._file.write(encode(decision, self._header) + "\n")
            self._file.flush()
            self.trouble = ""
        except (OSError, ValueError) as error:  # a full disk; a file that is closed
            if not self.dropped:
                _LOG.warning("decisions are no longer written to %s: %s", self._file.name, error)
            self.trouble = "decisions are not written: is the disk full?"
            self.dropped += 1

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # a disk that is still full, which was said already
            self._file.close()
