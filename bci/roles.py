"""What each column of a stream is, and how its values become microvolts.

EmotivPRO sends `Timestamp, Counter, Interpolate, <14 sensors>, HardwareMarker, Markers`; the actiCHamp connector
EEG, AUX, a sampled `Markers` channel and `SampleCounter`; Muse bridges EEG and `Right AUX`. Labels say more than
types, because service columns are often declared as EEG. Declared units follow the XDF conventions for EEG
(https://github.com/sccn/xdf/wiki/EEG-Meta-Data); mne-lsl declares powers of ten of a volt.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bci.errors import StreamError
from bci.types import Channel

__all__ = ["PLAUSIBLE", "Layout", "Role", "check_range", "implausible", "layout", "microvolts_per", "role_of"]

PLAUSIBLE = (0.1, 10_000.0)
"""Range in which the spread of EEG must lie, microvolts: amplifiers alone have more noise than the lower bound;
movement and drifting electrodes stay below the upper one. Values in millivolts or volts that are declared
microvolts fall below it, values in microvolts that are declared millivolts or volts above."""


class Role(StrEnum):
    """What a column is for."""

    EEG = "eeg"
    EOG = "eog"
    AUX = "aux"
    IMPEDANCE = "impedance"
    TRIGGER = "trigger"
    COUNTER = "counter"
    INTERPOLATED = "interpolated"
    TIMESTAMP = "timestamp"


_BY_LABEL = {
    r"timestamps?": Role.TIMESTAMP,
    r"counter|sample[ _]?counter": Role.COUNTER,
    r"interpolated?": Role.INTERPOLATED,
    r"(hardware)?markers?\d*|trig(ger)?s?|stim(ulus)?|sti ?\d*": Role.TRIGGER,
    r"[hv]?eog\d*.*": Role.EOG,
    r".*\baux\d*(_.*)?|acc.*|gyro.*|battery.*|ecg.*|emg.*": Role.AUX,
}
_BY_TYPE = {
    "eeg": Role.EEG,
    "eog": Role.EOG,
    "stim": Role.TRIGGER,
    "trigger": Role.TRIGGER,
    "marker": Role.TRIGGER,
    "markers": Role.TRIGGER,
    "": Role.EEG,
}
_VOLTS = {
    "v": 0, "volt": 0, "volts": 0,
    "mv": -3, "millivolt": -3, "millivolts": -3,
    "uv": -6, "µv": -6, "μv": -6, "microvolt": -6, "microvolts": -6, "": -6,
    "nv": -9, "nanovolt": -9, "nanovolts": -9,
}  # fmt: skip
_OHMS = r"(k|kilo|m|mega)?[ -]?(ohms?|ω)"
_HANDED_ON = (Role.EEG, Role.EOG, Role.AUX, Role.IMPEDANCE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which columns of a stream are what.

    Parameters
    ----------
    columns
        (n_channels,) int64, columns that are handed on.
    factors
        (n_channels,) float32, microvolts per unit; 1 for what is no voltage.
    channels
        One per column handed on.
    triggers
        Column and label of each sampled trigger channel.
    counter, interpolated
        Columns of the device's sample counter and of its flag for invented samples, if it has them.
    """

    columns: NDArray[np.int64]
    factors: NDArray[np.float32]
    channels: tuple[Channel, ...]
    triggers: tuple[tuple[int, str], ...]
    counter: int | None
    interpolated: int | None


def role_of(label: str, kind: str, unit: str = "") -> Role:
    """Tell the role of a column by its label, and where that says nothing by its declared type.

    What is declared an impedance, or in ohms, is one: its label is that of an electrode.
    """
    if kind.strip().lower() == "impedance" or re.fullmatch(_OHMS, unit.strip().lower()):
        return Role.IMPEDANCE
    name = label.strip().lower()
    for pattern, role in _BY_LABEL.items():
        if re.fullmatch(pattern, name):
            return role
    return _BY_TYPE.get(kind.strip().lower(), Role.AUX)


def _known_role(label: str, known: Mapping[str, str]) -> Role | None:
    name = label.strip()
    return next(
        (Role(role) for pattern, role in known.items() if re.fullmatch(pattern, name, re.IGNORECASE)), None
    )


def microvolts_per(unit: str) -> float | None:
    """Return the factor to microvolts, None for what is no voltage; no unit at all means microvolts."""
    name = unit.strip().lower()
    if re.fullmatch(r"-?\d+", name):
        return float(10 ** (int(name) + 6))
    return None if name not in _VOLTS else float(10 ** (_VOLTS[name] + 6))


def layout(
    labels: Sequence[str],
    kinds: Sequence[str],
    units: Sequence[str],
    known: Mapping[str, str] | None = None,
    unit: str = "",
) -> Layout:
    """Sort the columns of a stream.

    Parameters
    ----------
    labels, kinds, units
        As the stream declares them, one per column.
    known
        Pattern of labels -> `Role`, where it is known better than by label and type.
    unit
        Of columns that declare none.

    Raises
    ------
    StreamError
        If there is no EEG, an EEG channel has a unit that is no voltage, or two channels share a label.
    """
    units = [declared or unit for declared in units]
    roles = [
        _known_role(declared[0], known or {}) or role_of(*declared)
        for declared in zip(labels, kinds, units, strict=True)
    ]
    columns = [i for i, role in enumerate(roles) if role in _HANDED_ON]
    if Role.EEG not in roles:
        raise StreamError(f"expected EEG channels, got only {', '.join(labels)}: choose another stream")
    names = [labels[i].strip().lower() for i in columns]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise StreamError(f"expected every channel label once, got {twice!r} twice: correct it in the sender")
    return Layout(
        columns=np.array(columns, np.int64),
        factors=np.array([_factor(labels[i], roles[i], units[i]) for i in columns], np.float32),
        channels=tuple(_channel(labels[i], roles[i], units[i]) for i in columns),
        triggers=tuple((i, labels[i]) for i, role in enumerate(roles) if role is Role.TRIGGER),
        counter=next((i for i, role in enumerate(roles) if role is Role.COUNTER), None),
        interpolated=next((i for i, role in enumerate(roles) if role is Role.INTERPOLATED), None),
    )


def check_range(data: NDArray[np.float32], channels: Sequence[Channel]) -> None:
    """Refuse values that contradict their declared unit; see `implausible`.

    Raises
    ------
    StreamError
        If they do.
    """
    if said := implausible(data, channels):
        raise StreamError(f"{said}: the declared unit does not fit the values, correct it in the sender")


def implausible(data: NDArray[np.float32], channels: Sequence[Channel]) -> str:
    """Say that values contradict their declared unit; empty if they do not.

    Parameters
    ----------
    data
        (n_times, n_channels) microvolts, some seconds. The spread of a channel is the distance between the 10th
        and the 90th percentile of its finite values; constant channels say nothing. They contradict it if the
        median spread over the EEG channels is not in `PLAUSIBLE`.
    """
    eeg = [i for i, channel in enumerate(channels) if channel.kind == "eeg"]
    spreads = [_spread(data[:, i]) for i in eeg]
    spreads = [spread for spread in spreads if spread > 0]
    if not spreads:
        return ""
    typical = float(np.median(spreads))
    low, high = PLAUSIBLE
    if low <= typical <= high:
        return ""
    return f"expected EEG to vary by {low:g} to {high:g} microvolts, got {typical:.3g}"


def _spread(values: NDArray[np.float32]) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0
    low, high = np.percentile(finite, [10, 90])
    return float(high - low)


def _factor(label: str, role: Role, unit: str) -> float:
    if role is Role.IMPEDANCE:
        return 1.0
    factor = microvolts_per(unit)
    if factor is None and role is not Role.AUX:
        raise StreamError(
            f"channel {label}: expected its unit to be a voltage (V, mV, microvolts, nV), got {unit!r}: "
            "correct it in the sender"
        )
    return 1.0 if factor is None else factor


def _channel(label: str, role: Role, unit: str) -> Channel:
    if microvolts_per(unit) is None:
        return Channel(label.strip(), str(role), unit)
    return Channel(label.strip(), str(role), "unknown" if role is Role.IMPEDANCE else "microvolts")
