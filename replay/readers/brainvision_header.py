r"""What the header of a BrainVision file says of its channels and MNE does not pass on: reference and unit.

Format: BrainVision Core Data Format 1.0, https://www.brainproducts.com/support-resources/brainvision-core-data-format-1-0/.
A line reads `Ch<number>=<name>,<reference>,<resolution>,<unit>`; a comma inside is written `\1`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HeaderChannel", "common_reference", "declared_samples", "header_channels"]

_POINTS = re.compile(r"^DataPoints=(\d+)", re.MULTILINE)
_LINE = re.compile(r"^Ch\d+=([^,\r\n]*),([^,\r\n]*),[^,\r\n]*(?:,([^,\r\n]*))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HeaderChannel:
    """Reference channel, None if it is left out, and whether the unit is a voltage."""

    reference: str | None
    in_volts: bool


def header_channels(path: Path) -> dict[str, HeaderChannel]:
    """Return the channels of a `.vhdr` file by label, none for other files; a unit left out is microvolts."""
    if path.suffix.lower() != ".vhdr":
        return {}
    text = path.read_bytes().decode("utf-8", errors="replace")
    found = {}
    for line in _LINE.finditer(text):
        label, reference, unit = (part.strip().replace(r"\1", ",") for part in line.groups(""))
        found[label] = HeaderChannel(reference or None, not unit or unit.endswith("V"))
    return found


def declared_samples(path: Path) -> int | None:
    """Return how many samples a `.vhdr` file says that there are, None for other files or if it does not say."""
    if path.suffix.lower() != ".vhdr":
        return None
    found = _POINTS.search(path.read_bytes().decode("utf-8", errors="replace"))
    return int(found[1]) if found else None


def common_reference(channels: Mapping[str, HeaderChannel]) -> str | None:
    """Return the reference that is named for all channels alike."""
    names = {channel.reference for channel in channels.values()}
    return names.pop() if len(names) == 1 else None
