"""Which LSL streams are there, and which of them is meant."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bci.errors import StreamError

__all__ = ["FoundStream", "choose", "find_streams", "marker_streams"]

WAVE = 1.0  # s; liblsl asks twice in this time, so that one lost datagram hides no stream


@dataclass(frozen=True, slots=True)
class FoundStream:
    """A stream in sight, as it announces itself.

    Parameters
    ----------
    sfreq
        Nominal rate in Hz; 0 for streams of events.
    uid
        Differs for every outlet, even for the same device after a restart.
    created
        Seconds on the LSL clock of its computer.
    handle
        What liblsl opens an inlet from.
    """

    name: str
    type: str
    source_id: str
    host: str
    n_channels: int
    sfreq: float
    uid: str
    created: float
    handle: Any = field(repr=False, compare=False)

    def __str__(self) -> str:
        rate = f"{self.sfreq:g} Hz" if self.sfreq else "events"
        return f"{self.name} ({self.type}, {self.n_channels} ch, {rate}, id {self.source_id or 'none'})"


def find_streams(wait: float = WAVE) -> tuple[FoundStream, ...]:
    """Look round for `wait` seconds; streams come sorted by name."""
    from pylsl import resolve_streams  # noqa: PLC0415

    return seen(resolve_streams(wait))


def seen(infos: Sequence[Any]) -> tuple[FoundStream, ...]:
    """Read the announcements that liblsl collected."""
    found = [
        FoundStream(
            name=info.name(),
            type=info.type(),
            source_id=info.source_id(),
            host=info.hostname(),
            n_channels=info.channel_count(),
            sfreq=info.nominal_srate(),
            uid=info.uid(),
            created=info.created_at(),
            handle=info,
        )
        for info in infos
    ]
    return tuple(sorted(found, key=lambda stream: (stream.name, stream.source_id, stream.uid)))


def choose(
    wanted: str | None = None,
    wait: float = 5.0,
    look: Callable[[], Sequence[FoundStream]] = find_streams,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[FoundStream, Sequence[FoundStream]]:
    """Find the EEG stream that is meant.

    Parameters
    ----------
    wanted
        Its name or its source id; None: the only stream of type EEG.
    wait
        Seconds after which a stream that is not there is given up.

    Returns
    -------
    stream, all
        The stream, and all that were in sight with it.

    Raises
    ------
    StreamError
        If it is not there, or if several fit; the message lists what is there.
    """
    end = clock() + wait
    while True:
        found = look()
        fits = [stream for stream in found if _fits(stream, wanted)]
        if len(fits) == 1:
            return fits[0], found
        if len(fits) > 1:
            raise StreamError(_several(wanted, fits))
        if clock() >= end:
            raise StreamError(_none(wanted, wait, found))


def marker_streams(found: Sequence[FoundStream], names: Sequence[str] | None) -> list[FoundStream]:
    """Return the marker streams with these names or source ids, or all of them.

    Raises
    ------
    StreamError
        If one of `names` is not there.
    """
    markers = [stream for stream in found if stream.type.lower() == "markers"]
    if names is None:
        return markers
    known = {key for stream in markers for key in (stream.name, stream.source_id)}
    if missing := [name for name in names if name not in known]:
        raise StreamError(
            f"expected the marker stream {missing[0]!r}; in sight: {_listed(markers)}. "
            "Start it, or correct the name"
        )
    return [stream for stream in markers if stream.name in names or stream.source_id in names]


def _fits(stream: FoundStream, wanted: str | None) -> bool:
    if wanted is None:
        return stream.type.lower() == "eeg"
    return wanted in (stream.name, stream.source_id)


def _listed(streams: Sequence[FoundStream]) -> str:
    return "; ".join(map(str, streams)) if streams else "none"


def _several(wanted: str | None, fits: Sequence[FoundStream]) -> str:
    if wanted is None:
        return f"expected one EEG stream, found {len(fits)}: {_listed(fits)}. Say which: --stream NAME"
    ids = ", ".join(stream.source_id or "none" for stream in fits)
    return (
        f"expected one stream {wanted!r}, found {len(fits)}, with the source ids {ids}. "
        "Choose by source id: --stream ID"
    )


def _none(wanted: str | None, wait: float, found: Sequence[FoundStream]) -> str:
    what = "a stream of type EEG" if wanted is None else f"the stream {wanted!r}"
    return (
        f"expected {what}, found none in {wait:g} s; in sight: {_listed(found)}. "
        "Start the sender, correct --stream, or open the network with --network"
    )
