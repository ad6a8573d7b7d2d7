"""Channel labels: one name for an electrode, however a file or a device spells it.

Names follow the 10-10 system (Jurcak, Tsuzuki & Dan 2007, doi:10.1016/j.neuroimage.2006.09.024), in which
T3, T4, T5 and T6 of the older 10-20 system are T7, T8, P7 and P8. EDF files write `EEG Fp1-Ref` or `Fp1.`
(EDF+ specification, https://www.edfplus.info/specs/edftexts.html).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bci.errors import MismatchError

__all__ = ["ALIASES", "canonical", "match", "posterior"]

ALIASES: Mapping[str, str] = MappingProxyType({"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"})
"""Older names of the 10-20 system -> names of the 10-10 system, both canonical."""

_PREFIX = re.compile(r"^EEG[ _]+", re.IGNORECASE)
_SUFFIX = re.compile(r"-REF$", re.IGNORECASE)
_POSTERIOR = re.compile(r"(O|POO?|PP?O?|TPP?)(\d+H?|Z)")  # 10-5 names such as POO9h among them


def canonical(label: str) -> str:
    """Return the key under which a label is compared: `"EEG t3-Ref"`, `"T3."` and `"T7"` are all `"T7"`.

    Upper case, without spaces, dots, the prefix `EEG` and the suffix `-Ref`; older names become newer ones.
    Bipolar derivations such as `Fp1-F7` stay apart from their electrodes.
    """
    bare = _SUFFIX.sub("", _PREFIX.sub("", label.strip()))
    key = re.sub(r"[\s.]", "", bare).upper()
    return ALIASES.get(key, key)


def match(have: Sequence[str], want: Sequence[str]) -> tuple[int | None, ...]:
    """Find each wanted channel among those that there are, by name, never by position.

    Parameters
    ----------
    have
        Labels of a stream or a recording; extra ones are ignored.
    want
        Labels in the order in which they are wanted.

    Returns
    -------
    tuple of int or None
        For each wanted channel its index in `have`, or None if it is missing.

    Raises
    ------
    MismatchError
        If two labels in `want`, or two in `have` that are wanted, name the same electrode.
    """
    there = _by_electrode(have)
    wanted = _by_electrode(want)
    _refuse_doubles("wanted", want, wanted.values())
    _refuse_doubles("recorded", have, (there[key] for key in wanted if key in there))
    return tuple(there[key][0] if key in there else None for key in wanted)


def posterior(labels: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of occipital, parietal and temporo-parietal electrodes: O*, PO*, P* and TP*."""
    return tuple(index for index, label in enumerate(labels) if _POSTERIOR.fullmatch(canonical(label)))


def _by_electrode(labels: Sequence[str]) -> dict[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        indices[canonical(label)].append(index)
    return dict(indices)


def _refuse_doubles(role: str, labels: Sequence[str], places: Iterable[list[int]]) -> None:
    for indices in places:
        if len(indices) > 1:
            doubles = ", ".join(repr(labels[index]) for index in indices)
            raise MismatchError(
                f"expected every electrode once among the {role} channels, got {doubles}, which are the same "
                "electrode: rename or drop all but one"
            )
