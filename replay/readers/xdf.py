"""XDF files, as LabRecorder writes them, through pyxdf: one EEG stream of perhaps many, and all markers.

Format: https://github.com/sccn/xdf/wiki/Specifications; what `desc` holds:
https://github.com/sccn/xdf/wiki/Meta-Data. Stamps are brought to one clock by pyxdf, clock resets included; gaps
are then found by the same fit as in the live path (`bci.timefit`), not by the size of one step. A session that was
recorded here is read from its first sample on, and with its stamps as they were received: what began there live,
the fit and all filters, begins there again, and its decisions come out the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bci.counter import CounterGaps
from bci.device_files import device_of_session, known_devices, load_device
from bci.devices import DeviceProfile, recognise
from bci.errors import FormatError, StreamError
from bci.events import CONTROL_PREFIX
from bci.journal import Entry, Kind, from_wire
from bci.roles import Layout, check_range, layout
from bci.timefit import RATE_TOLERANCE, Run, TimeFit
from bci.triggers import TriggerDecoder
from bci.types import Recording, read_only
from replay.readers.provenance import describe
from replay.readers.xdf_streams import Stream, StreamInfo, child, complaints, load, resolve, text

__all__ = ["read_xdf"]

_CHECKED = 60.0  # s of data whose range must fit the unit


def read_xdf(path: Path, stream: str | None = None, device: str | None = None) -> Recording:
    """Read the EEG stream of an XDF file with the markers of all its marker streams.

    Parameters
    ----------
    path
        The file.
    stream
        Name, source_id or number of the stream, where there are several of type EEG, or none.
    device
        Profile by which it is understood, see `bci.devices`: a name or a TOML file. None: that of the session in
        whose folder the file is, else the one that is recognised, as in the live path.

    Returns
    -------
    Recording
        Microvolts. Times are those of LSL, `desc/synchronization/offset_mean` and the delay of the device
        subtracted, evenly spaced at the nominal rate in each segment. A marker goes to the sample nearest to it;
        in a gap to the last sample before, so that its epoch meets the gap; outside the recording it is left out
        and counted in `provenance["caveats"]`; markers that steered a session are left out. Trigger channels
        become markers; columns that count or flag samples are used and removed. Channels without a label are
        called `Ch1`, `Ch2`, ..., as in the live path.

    Raises
    ------
    StreamError
        If no EEG stream holds samples or several do (the message lists the streams), or if its channels, units,
        range or measured rate contradict each other.
    FormatError
        If the file is no XDF, or holds NaN.
    """
    with complaints() as heard:
        infos = resolve(path)
        chosen = _candidates(path, infos, stream)
        streams = load(path, [*chosen, *(info for info in infos if info.is_marker or info.is_journal)])
    eeg = _only(path, [found for found in streams if found.info in chosen and len(found.stamps)], infos)
    profile = _device(path, eeg, device)
    eeg, session = _from_first_sample(eeg, _journal(streams), profile.delay.seconds)
    arranged = _arrange(path, eeg, profile)
    rows, runs = _rows(path, eeg, arranged, profile)
    data = _microvolts(path, rows, arranged, eeg.info)
    times = np.concatenate([run.times for run in runs])
    told = [source for source in streams if source.info.is_marker and not _tells_again(source, arranged, profile)]
    found = sorted((event for source in told for event in _events(source, profile)), key=_time)
    markers = _place(found, runs, times, eeg.info.sfreq)
    triggers = _triggers(rows, runs, arranged, profile, eeg.info.name)
    ordered = sorted([*markers, *triggers], key=_time)
    caveats = [*heard, *_resets(eeg), *session]
    if len(markers) < len(found):
        caveats.append(f"{len(found) - len(markers)} markers lie outside the recording and are left out")
    return Recording(
        data=read_only(data),
        sfreq=eeg.info.sfreq,
        segments=_segments(runs, eeg.info.sfreq),
        markers=tuple((sample, value) for sample, value, _ in ordered),
        channels=arranged.channels,
        reference=_reference(eeg) or profile.reference,
        provenance=describe(
            path, *caveats, stream=eeg.info.name, device=profile.name, delay=profile.delay.seconds, **_order(eeg)
        ),
        sources=tuple(source for _, _, source in ordered),
    )


# ------------------------------------------------------------------------------------------------ streams


def _candidates(path: Path, infos: Sequence[StreamInfo], stream: str | None) -> list[StreamInfo]:
    """Streams of regular numbers that are of type EEG; of any type if one is asked for by name."""
    regular = [info for info in infos if info.sfreq > 0 and info.format != "string" and not info.is_marker]
    if stream is not None:
        regular = [info for info in regular if stream in (info.name, info.source_id, str(info.number))]
    eeg = [info for info in regular if info.type.upper() == "EEG"]
    if not eeg and not (stream is not None and regular):
        wanted = "an EEG stream" if stream is None else f"a stream {stream!r} of regular samples"
        raise StreamError(f"{path}: expected {wanted}, got {_listed(infos)}: name another one")
    return eeg or regular


def _only(path: Path, streams: Sequence[Stream], infos: Sequence[StreamInfo]) -> Stream:
    if not streams:
        raise StreamError(f"{path}: expected samples, but the EEG stream is empty; there are {_listed(infos)}")
    if len(streams) > 1:
        raise StreamError(
            f"{path}: expected one EEG stream, got {_listed([stream.info for stream in streams])}: choose one by "
            "its name, source_id or number"
        )
    return streams[0]


def _listed(infos: Sequence[StreamInfo]) -> str:
    return "; ".join(str(info) for info in infos) or "no streams"


def _reference(stream: Stream) -> str | None:
    reference = child(stream.desc, "reference")
    if text(reference, "common_average").lower() in ("yes", "true"):
        return "average"
    return text(reference, "label") or None


def _order(stream: Stream) -> dict[str, str]:
    """What it says of the order of its samples, if that is not the one in which they were recorded."""
    order = text(stream.desc, "replay", "order")
    return {"order": order} if order else {}


def _journal(streams: Sequence[Stream]) -> list[Entry]:
    """What the session said that was recorded, if it was one."""
    told = (
        from_wire(sample[0], float(time))
        for source in streams
        if source.info.is_journal
        for time, sample in zip(source.stamps, source.samples, strict=True)
    )
    return [entry for entry in told if entry is not None]


def _from_first_sample(eeg: Stream, journal: Sequence[Entry], delay: float) -> tuple[Stream, list[str]]:
    """Cut off what came before the first sample of the session that was recorded; also say what that means.

    What the stream says of its own synchronization is left out: a session goes by the stamps as they come.
    """
    if not journal:
        return eeg, []
    as_received = eeg.stamps + eeg.offset
    begun = [entry.time + delay for entry in journal if entry.kind is Kind.FIRST_SAMPLE]
    first = next((int(np.abs(as_received - time).argmin()) for time in begun), 0)
    if not begun or abs(as_received[first] - begun[0]) > 0.5 / eeg.info.sfreq:
        return eeg, [
            "the session began before its recording: decisions of its first seconds may come out otherwise"
        ]
    clocks = tuple((max(start - first, 0), stop - first) for start, stop in eeg.clocks if stop > first)
    desc = {key: value for key, value in eeg.desc.items() if key != "synchronization"}
    stamps, samples = as_received[first:], eeg.samples[first:]
    cut = Stream(eeg.info, desc, stamps, samples, clocks, offset=0.0)
    return cut, [f"{first} samples before the first one of the session are left out"] if first else []


# ------------------------------------------------------------------------------------------------ columns


def _device(path: Path, stream: Stream, name: str | None) -> DeviceProfile:
    if name is not None:
        return load_device(name)
    return device_of_session(path.parent) or recognise(stream.info.name, _labels(stream), known_devices())


def _tells_again(source: Stream, arranged: Layout, device: DeviceProfile) -> bool:
    """Whether a device tells in a marker stream what its trigger channel tells as well."""
    return bool(arranged.triggers) and device.sends_markers(source.info.name)


def _labels(stream: Stream) -> list[str]:
    return [text(node, "label") or f"Ch{i}" for i, node in enumerate(_columns(stream), 1)]


def _columns(stream: Stream) -> list[Any]:
    nodes = child(stream.desc, "channels")
    nodes = (nodes.get("channel") or []) if isinstance(nodes, Mapping) else []
    return nodes if len(nodes) == stream.info.n_channels else [None] * stream.info.n_channels


def _arrange(path: Path, stream: Stream, device: DeviceProfile) -> Layout:
    """Sort the columns as the live path does; what the stream leaves out is an EEG channel in microvolts."""
    nodes = _columns(stream)
    kinds, units = ([text(node, part) for node in nodes] for part in ("type", "unit"))
    try:
        return layout(_labels(stream), kinds, units, device.roles, device.unit)
    except StreamError as error:
        raise StreamError(f"{path}, stream {stream.info.name!r}: {error}") from None


def _microvolts(path: Path, rows: NDArray[Any], arranged: Layout, info: StreamInfo) -> NDArray[np.float32]:
    """(n_times, n_channels) samples of the channels that are handed on, checked."""
    data = rows[:, arranged.columns].astype(np.float32)
    data *= arranged.factors
    if not np.isfinite(data).all():
        row, column = np.argwhere(~np.isfinite(data))[0]
        raise FormatError(
            f"{path}: expected numbers everywhere, got {data[row, column]} in channel "
            f"{arranged.channels[column].label} at sample {row}: cut the file before it or leave it out"
        )
    try:
        check_range(data[: round(_CHECKED * info.sfreq)], arranged.channels)
    except StreamError as error:
        raise StreamError(f"{path}, stream {info.name!r}: {error}") from None
    return data


def _triggers(
    rows: NDArray[Any], runs: Sequence[Run], arranged: Layout, device: DeviceProfile, stream: str
) -> Iterator[tuple[int, str, str]]:
    """(sample, value, source) of the onsets in the sampled trigger channels."""
    for column, label in arranged.triggers:
        decoder, first = TriggerDecoder(device.words), 0
        for run in runs:
            if run.gap_before:
                decoder.reset()
            stop = first + len(run.times)
            yield from (
                (onset.sample, str(onset.value), f"{stream}/{label}")
                for onset in decoder.feed(rows[first:stop, column], first)
            )
            first = stop


# ------------------------------------------------------------------------------------------------ times


def _rows(path: Path, stream: Stream, arranged: Layout, device: DeviceProfile) -> tuple[NDArray[Any], list[Run]]:
    """Samples that the device did not invent, and their times: a new run at each gap and clock reset."""
    samples = np.asarray(stream.samples)
    kept, lost = _counted(samples, arranged, device)
    runs: list[Run] = []
    for first, stop in stream.clocks:
        rows = first + np.flatnonzero(kept[first:stop])
        if not len(rows):
            continue
        stamps = stream.stamps[rows] - device.delay.seconds
        piece = _evenly(stamps) if _never_drops(stream) else _fit(path, stream.info, stamps, lost[rows])
        if runs:
            piece[0] = Run(piece[0].times, _missing(runs[-1], piece[0], stream.info.sfreq))
        runs.extend(piece)
    if not runs:
        raise StreamError(
            f"{path}: expected measured samples in stream {stream.info.name!r}, got invented ones alone"
        )
    return samples if kept.all() else samples[kept], runs


def _counted(
    samples: NDArray[Any], arranged: Layout, device: DeviceProfile
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which samples were measured, not invented, and how many are missing before each of these by the counter."""
    lost = np.zeros(len(samples), np.int64)
    kept = np.ones(len(samples), np.bool_)
    if arranged.counter is not None:
        lost = CounterGaps(device.counter_values).feed(samples[:, arranged.counter])
    if arranged.interpolated is not None:
        kept = samples[:, arranged.interpolated] != 1
        index = np.cumsum(1 + lost)[kept]
        lost[kept] = np.diff(index, prepend=index[:1] - 1) - 1
    return kept, lost


def _fit(path: Path, info: StreamInfo, stamps: NDArray[np.float64], lost: NDArray[np.int64]) -> list[Run]:
    rate = _measured_rate(stamps, info.sfreq)
    if abs(rate / info.sfreq - 1) > RATE_TOLERANCE:
        raise StreamError(
            f"{path}: expected {info.sfreq:g} Hz as stream {info.name!r} declares, measured {rate:.1f} "
            "Hz: set the nominal rate where it is sent, or record again"
        )
    fit = TimeFit(info.sfreq)
    return [*fit.feed(stamps, lost.tolist()), *fit.flush()]


def _measured_rate(stamps: NDArray[np.float64], sfreq: float) -> float:
    """Rate in Hz by the median second: neither gaps nor packets that jitter change it."""
    second = round(sfreq)
    if len(stamps) < 4 * second:  # in three seconds a gap can touch half of the differences
        return sfreq
    return second / max(float(np.median(stamps[second:] - stamps[:-second])), 1e-9)


def _resets(stream: Stream) -> list[str]:
    n_resets = len(stream.clocks) - 1
    return [f"the sender's clock was reset {n_resets} times: a gap each time"] if n_resets else []


def _never_drops(stream: Stream) -> bool:
    """Whether the device says that it loses no sample."""
    return text(stream.desc, "synchronization", "can_drop_samples").lower() == "false"


def _evenly(stamps: NDArray[np.float64]) -> list[Run]:
    """One line through all stamps."""
    index = np.arange(len(stamps)) - (len(stamps) - 1) / 2
    slope = float(index @ (stamps - stamps.mean()) / max(float(index @ index), 1.0))
    return [Run(read_only(stamps.mean() + slope * index), 0)]


def _missing(before: Run, after: Run, sfreq: float) -> int:
    """Samples lost in a reset of the clock, at least one: nothing after it continues what was before."""
    return max(1, round(float(after.times[0] - before.times[-1]) * sfreq) - 1)


def _segments(runs: Sequence[Run], sfreq: float) -> tuple[tuple[int, float], ...]:
    """First sample and start of each run, counted in samples from the start of the first."""
    segments, first, elapsed = [], 0, 0
    for run in runs:
        elapsed += run.gap_before
        segments.append((first, float(runs[0].times[0]) + elapsed / sfreq))
        first += len(run.times)
        elapsed += len(run.times)
    return tuple(segments)


# ------------------------------------------------------------------------------------------------ markers


def _time(event: tuple[float, str, str]) -> float:
    return event[0]


def _events(stream: Stream, device: DeviceProfile) -> Iterator[tuple[float, str, str]]:
    """(time, value, source) of the samples of a marker stream that steer no session; numbers as whole numbers."""
    late = device.delay.seconds if device.sends_markers(stream.info.name) else 0.0
    for time, sample in zip(stream.stamps, stream.samples, strict=True):
        value = sample[0] if isinstance(sample[0], str) else _whole(float(sample[0]))
        if not value.startswith(CONTROL_PREFIX):
            yield float(time) - late, value, stream.info.name


def _whole(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


def _place(
    events: Sequence[tuple[float, str, str]], runs: Sequence[Run], times: NDArray[np.float64], sfreq: float
) -> tuple[tuple[int, str, str], ...]:
    """Nearest sample of each event that lies inside the recording."""
    starts = set(np.cumsum([len(run.times) for run in runs]).tolist())
    half = 0.5 / sfreq
    placed = []
    for time, value, source in events:
        if not times[0] - half <= time <= times[-1] + half:
            continue
        right = int(np.clip(np.searchsorted(times, time), 1, len(times) - 1))
        early = times[right] - time > (half if right in starts else (times[right] - times[right - 1]) / 2)
        placed.append((right - int(early), value, source))
    return tuple(placed)
