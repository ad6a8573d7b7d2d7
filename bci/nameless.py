"""What names the user or the computer does not belong into what is written: home, user in a path, host name."""

import logging
import platform
import re
from functools import cache
from pathlib import Path

__all__ = ["NamelessFormatter", "nameless", "names"]


def nameless(text: str) -> str:
    """Return a text with `~` in the place of such names."""
    return names().sub("~", text)


@cache
def names() -> re.Pattern[str]:
    """Return what matches the home folder, in any spelling, its last part in other paths, and the host name."""
    home, host = Path.home(), platform.node()
    known = []
    if len(home.parts) > 1:
        spellings = {str(home), home.as_posix(), str(home).replace("\\", "\\\\")}
        known = [rf"(?:{'|'.join(map(re.escape, spellings))})(?![\w.-])"]
        known.append(rf"(?<=[/\\]){re.escape(home.name)}(?=[/\\\s'\":;,)]|$)")
    if host and host != "localhost":
        known.append(rf"(?<!\w){re.escape(host)}(?!\w)")
    return re.compile("|".join(known) or r"(?!)")


class NamelessFormatter(logging.Formatter):
    """Formats what is logged, tracebacks too, without such names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        return nameless(super().format(record))
