"""What a headset says of its electrodes, its battery and its radio, beside the EEG.

EmotivPRO sends `Timestamp, BatteryPercent, Overall, Signal, <sensors>` twice a second: per cent, per cent, 0 (no
radio) to 2, and for each sensor 0 (no contact) to 4 (good); the codes are those of the stream `dev` in
https://emotiv.gitbook.io/cortex-api/data-subscription.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

__all__ = ["LOW_BATTERY", "ContactQuality", "read_contact"]

LOW_BATTERY = 15.0
"""Per cent below which a battery is told of: an EPOC then has about an hour."""
BEST = 4.0
_BESIDE = ("timestamp", "batterypercent", "overall", "signal")


@dataclass(frozen=True, slots=True)
class ContactQuality:
    """One report.

    Parameters
    ----------
    battery, overall
        Per cent; None if the headset does not say.
    signal
        Of the radio: 0 none, 1 poor, 2 good; None if the headset does not say.
    sensors
        Label -> contact from 0 (none) to 1 (good).
    """

    battery: float | None
    overall: float | None
    signal: float | None
    sensors: Mapping[str, float]

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is wrong, in words; empty if nothing is."""
        battery = self.battery is not None and self.battery < LOW_BATTERY
        told = (
            f"battery at {self.battery:.0f} %" if battery else "",
            "no radio signal from the headset" if self.signal == 0 else "",
            self._contact(),
        )
        return tuple(reason for reason in told if reason)

    def _contact(self) -> str:
        off = [label for label, contact in self.sensors.items() if contact == 0]
        if off and len(off) == len(self.sensors):
            return "headset off: no contact"
        return f"no contact: {', '.join(off)}" if off else ""


def read_contact(labels: Sequence[str], row: Sequence[float]) -> ContactQuality:
    """Read one sample of a contact quality stream; what is not finite was not said.

    Parameters
    ----------
    labels
        Of its columns.
    row
        One value a column.
    """
    said = {label.strip(): float(value) for label, value in zip(labels, row, strict=True) if isfinite(value)}
    beside = {label.lower(): value for label, value in said.items() if label.lower() in _BESIDE}
    return ContactQuality(
        battery=beside.get("batterypercent"),
        overall=beside.get("overall"),
        signal=beside.get("signal"),
        sensors={
            label: min(max(value / BEST, 0.0), 1.0)
            for label, value in said.items()
            if label.lower() not in _BESIDE
        },
    )
