"""Participants are codes, never names: `P07`, `s012`, `7`."""

import re

from bci.errors import ConfigError

__all__ = ["check_code"]

_CODE = re.compile(r"[A-Za-z]{0,4}[0-9]{1,6}")


def check_code(person: str) -> str:
    """Return a participant's code.

    Raises
    ------
    ConfigError
        If it could be a name.
    """
    if not _CODE.fullmatch(person):
        raise ConfigError(
            f"expected a participant's code, up to four letters and then digits such as P07, got {person!r}: "
            "names do not belong into recordings"
        )
    return person
