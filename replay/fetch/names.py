"""Names from servers and archives, trusted only where every system would make the same file of them, in place.

What Windows refuses: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
from pathlib import PurePosixPath

from bci.errors import FormatError

__all__ = ["safe_path"]

_ODD = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_LONGEST = 255  # bytes, of most file systems


def safe_path(name: str) -> PurePosixPath:
    """Return a relative path that stays below the folder it is joined to.

    Raises
    ------
    FormatError
        If a part of it is empty, `.` or `..`, a name of a device, ends in a dot or a space, is too long, or has
        a character that some system refuses.
    """
    for part in name.split("/"):
        odd = not part.strip(".") or part[-1] in ". " or len(part.encode("utf-8", "replace")) > _LONGEST
        if odd or _ODD.search(part) or _DEVICE.fullmatch(part):
            raise FormatError(f"expected a plain relative path, got {name[:200]!r}, which is not safe to write")
    return PurePosixPath(name)
