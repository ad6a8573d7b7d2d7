"""Smaller montages that figures are compared on, and the channels where eyes are seen best."""

import re
from collections.abc import Sequence

from bci.errors import ConfigError

__all__ = ["SUBSETS", "frontal", "subset"]

SUBSETS: dict[int, tuple[str, str]] = {
    17: (
        "occipito-parietal",
        "P7 P5 P3 P1 Pz P2 P4 P6 P8 PO7 PO3 POz PO4 PO8 O1 Oz O2",
    ),
    14: ("Emotiv EPOC", "AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4"),
    8: ("g.tec Unicorn", "Fz C3 Cz C4 Pz PO7 Oz PO8"),
}
"""Number of channels -> whose montage it is, and its labels."""

SHARE = 0.8
"""Of a montage's labels that must exist; one of them is often the reference."""

FRONTAL = re.compile(r"(FP|AF|F)[\dZ]+")


def subset(size: int, labels: Sequence[str]) -> tuple[int, ...] | None:
    """Return the positions in `labels` of a smaller montage's channels, None if it is not part of theirs.

    Raises
    ------
    ConfigError
        For a size that is no key of `SUBSETS`.
    """
    if size not in SUBSETS:
        raise ConfigError(
            f"evaluation.curves.channels: expected some of {', '.join(map(str, SUBSETS))}, got {size}"
        )
    wanted = {label.upper() for label in SUBSETS[size][1].split()}
    found = tuple(at for at, label in enumerate(labels) if label.upper() in wanted)
    return found if SHARE * size <= len(found) < len(labels) else None


def frontal(labels: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of the frontal channels: Fp, AF and F, not FC and FT."""
    return tuple(at for at, label in enumerate(labels) if FRONTAL.fullmatch(label.upper()))
