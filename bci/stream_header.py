"""What a stream says of itself, and what is made of it with its device's profile."""

from collections.abc import Sequence
from dataclasses import dataclass

from bci.device_files import known_devices
from bci.devices import DeviceProfile, recognise
from bci.end_to_end import ORDER
from bci.roles import Layout, layout
from bci.types import StreamSpec

__all__ = ["StreamHeader", "understand"]


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """As the sender declares it.

    Parameters
    ----------
    name, type, source_id, sfreq
        Of the stream; Hz.
    labels, kinds, units
        Of its columns; what it leaves out is empty.
    reference
        Recording reference, empty if it does not say.
    order
        Of its samples, where it is not that in which they were recorded.
    """

    name: str
    type: str
    source_id: str
    sfreq: float
    labels: Sequence[str]
    kinds: Sequence[str]
    units: Sequence[str]
    reference: str
    order: str = ""


def understand(
    header: StreamHeader, device: DeviceProfile | None = None, reference: str | None = None
) -> tuple[DeviceProfile, Layout, StreamSpec]:
    """Say how a stream is to be read; what it and its device leave out is an EEG channel in microvolts.

    Parameters
    ----------
    device
        None: the one that is recognised by the stream's name or columns.
    reference
        Instead of what the stream or its device say.

    Raises
    ------
    StreamError
        If it cannot be EEG.
    """
    labels = [label or f"Ch{i}" for i, label in enumerate(header.labels, 1)]
    device = device or recognise(header.name, labels, known_devices())
    arranged = layout(labels, header.kinds, header.units, device.roles, device.unit)
    spec = StreamSpec(
        name=header.name,
        type=header.type,
        source_id=header.source_id,
        sfreq=header.sfreq,
        channels=arranged.channels,
        reference=reference or header.reference or device.reference,
        device=device.name,
        delay=device.delay.seconds,
        end_to_end=header.order == ORDER,
    )
    return device, arranged, spec
