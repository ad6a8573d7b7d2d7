"""Which LSL streams are there, and which of them is meant."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bci.errors import StreamError
from bci.journal import is_journal

__all__ = ["FoundStream", "Lookout", "choose", "marker_streams", "seen"]

GLANCE = 0.05  # s between two looks
SETTLE = 0.75  # s in which liblsl asks again, so that one lost answer hides no second stream of a name


@dataclass(frozen=True, slots=True)
class FoundStream:
    """A stream in sight, as it announces itself.

    Parameters
    ----------
    sfreq
        Nominal rate in Hz; 0 for streams of events.
    uid
        Differs for every outlet, even for the same device after a restart.
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
    handle: Any = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """What it is known by: its source id, which stays the same when its sender starts again, if it has one."""
        return self.source_id or self.uid

    def __str__(self) -> str:
        rate = f"{self.sfreq:g} Hz" if self.sfreq else "events"
        return f"{self.name} ({self.type}, {self.n_channels} ch, {rate}, id {self.source_id or 'none'})"


class Lookout:
    """Looks round for as long as it lives; call it for the streams that are in sight after a moment's wait."""

    def __init__(self, prop: str | None = None, value: str | None = None) -> None:
        from pylsl import ContinuousResolver  # noqa: PLC0415

        self._resolver: Any = ContinuousResolver(prop, value)

    @property
    def in_sight(self) -> tuple[FoundStream, ...]:
        """The streams that are in sight now, sorted by name; takes a tenth of a millisecond."""
        return seen(self._resolver.results())

    def __call__(self) -> tuple[FoundStream, ...]:
        """Return them."""
        time.sleep(GLANCE)
        return self.in_sight


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
            handle=info,
        )
        for info in infos
    ]
    return tuple(sorted(found, key=lambda stream: (stream.name, stream.source_id, stream.uid)))


def choose(
    wanted: str | None,
    wait: float,
    look: Callable[[], Sequence[FoundStream]],
    clock: Callable[[], float] = time.monotonic,
    kind: str = "EEG",
) -> FoundStream:
    """Find the stream that is meant.

    Parameters
    ----------
    wanted
        Its name or its source id; None: the only stream of type `kind`.
    wait
        Seconds after which a stream that is not there is given up.
    look
        A `Lookout`.
    kind
        Type of the stream, which counts where no name is given.

    Raises
    ------
    StreamError
        If it is not there, or if several fit; the message lists what is there.
    """
    end, settled = clock() + wait, None
    while True:
        found = look()
        fits = [stream for stream in found if _fits(stream, wanted, kind)]
        if fits and settled is None:
            settled = clock() + SETTLE
        if len(fits) > 1:
            raise StreamError(_several(wanted, fits, kind))
        if fits and settled is not None and clock() >= settled:
            return fits[0]
        if not fits and clock() >= end:
            raise StreamError(_none(wanted, wait, found, kind))


def marker_streams(
    names: Sequence[str] | None,
    wait: float,
    look: Callable[[], Sequence[FoundStream]],
    clock: Callable[[], float] = time.monotonic,
) -> list[FoundStream]:
    """Return the marker streams with these names or source ids; None: all that are there but journals of sessions.

    Raises
    ------
    StreamError
        If one of `names` does not appear within `wait` seconds.
    """
    end = clock() + wait
    while True:
        markers = [stream for stream in look() if stream.type.lower() == "markers" and not is_journal(stream.name)]
        known = {key for stream in markers for key in (stream.name, stream.source_id)}
        missing = [name for name in names or () if name not in known]
        if not missing:
            return [stream for stream in markers if names is None or {stream.name, stream.source_id} & {*names}]
        if clock() >= end:
            raise StreamError(
                f"expected the marker stream {missing[0]!r}, not found in {wait:g} s; "
                f"in sight: {_listed(markers)}. Start it, or correct the name"
            )


def _fits(stream: FoundStream, wanted: str | None, kind: str) -> bool:
    if wanted is None:
        return stream.type.lower() == kind.lower()
    return wanted in (stream.name, stream.source_id)


def _listed(streams: Sequence[FoundStream]) -> str:
    return "; ".join(map(str, streams)) if streams else "none"


def _several(wanted: str | None, fits: Sequence[FoundStream], kind: str) -> str:
    if wanted is None:
        return f"expected one {kind} stream, found {len(fits)}: {_listed(fits)}. Say which: --stream NAME"
    ids = ", ".join(stream.source_id or "none" for stream in fits)
    if len({stream.source_id for stream in fits}) < len(fits):
        return (
            f"expected one stream {wanted!r}, found {len(fits)} that differ in nothing ({ids}): stop one of them"
        )
    return (
        f"expected one stream {wanted!r}, found {len(fits)}, with the source ids {ids}. "
        "Choose by source id: --stream ID"
    )


def _none(wanted: str | None, wait: float, found: Sequence[FoundStream], kind: str) -> str:
    what = f"a stream of type {kind}" if wanted is None else f"the stream {wanted!r}"
    return (
        f"expected {what}, found none in {wait:g} s; in sight: {_listed(found)}. "
        "Start the sender, correct --stream, or open the network with --network"
    )
