"""A device that speaks, with all that goes wrong on the way: faults of `replay.faults`, drawn from a seed.

Each kind of fault has a stream of random numbers of its own. The same specification and seed give the same pushes,
over LSL (`replay.speaking`) as on virtual time (`replay.scripted_line`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from bci.errors import ConfigError
from bci.roles import Role, role_of
from bci.types import Channel
from replay.dialects.speech import EEG, MARKERS, OutletSpec, Push, Speech, Turn, in_order
from replay.faults import FaultSpec, MarkerFaults, Spells

__all__ = ["spoil"]

Floats = NDArray[np.float64]

RAIL = 1e5  # microvolts at which a channel stands that is railed
MAINS = 200.0  # microvolts of line noise, its amplitude
STRAY = 60.0  # s by which markers for data never sent are wrong
DOUBLED = 0.002  # s between the two tellings of a trigger

Spans = tuple[tuple[float, float], ...]
"""Beginning and end of stretches of time, seconds after the start, in order; they do not overlap."""


def spoil(speech: Speech, faults: FaultSpec, seed: int) -> Speech:
    """Make a device send with faults.

    Parameters
    ----------
    speech
        What it would send.
    faults
        What goes wrong.
    seed
        Of all that is drawn.

    Raises
    ------
    ConfigError
        If the device has no channel that is to be spoilt.
    """
    plan = _draw(faults, seed, speech.seconds)
    samples = _Samples(speech.outlets[EEG], faults, plan, seed)
    outlets = _outlets(speech, faults)

    def pushes() -> Iterator[Push | Turn]:
        eeg = samples.spoilt(_of(speech, EEG))
        words = _markers(_of(speech, MARKERS), faults, plan, seed, speech.seconds, triggers=len(speech.outlets))
        rest = [_of(speech, number) for number in range(2, len(speech.outlets))]
        alive = (push for push in in_order(eeg, words, *rest) if not _inside(push.at, plan.dead))
        yield from in_order(_turns(plan, len(outlets), faults.markers.die_after), alive)

    return Speech(outlets, pushes, speech.seconds)


def _of(speech: Speech, outlet: int) -> Iterator[Push]:
    return (push for push in speech.pushes() if isinstance(push, Push) and push.outlet == outlet)


def _outlets(speech: Speech, faults: FaultSpec) -> tuple[OutletSpec, ...]:
    eeg, markers, *rest = speech.outlets
    if faults.markers.paired:
        trigger = Channel("trigger", "Marker", "")
        name, key = f"{eeg.name}-triggers", f"{eeg.source_id}-triggers"
        rest.append(OutletSpec(name, "Markers", key, 0.0, (trigger,)))
    if faults.twin:
        rest.append(replace(eeg, source_id=f"{eeg.source_id}-twin"))
    declared = replace(eeg, sfreq=faults.stamps.declared_rate or eeg.sfreq)
    return (declared, markers, *rest)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has been drawn for one playing."""

    gaps: Spans
    filled: Spans
    dead: Spans
    held: Spans
    nan: Spans


def _draw(faults: FaultSpec, seed: int, total: float) -> _Plan:
    gaps = _spells(faults.gaps, _random(seed, 0), total)
    shares = _random(seed, 1).random(len(gaps))
    held = _joined(
        [*_spells(faults.hangs, _random(seed, 3), total), *_spells(faults.bursts, _random(seed, 4), total)]
    )
    return _Plan(
        gaps=gaps,
        filled=tuple(gap for gap, share in zip(gaps, shares, strict=True) if share < faults.gaps.filled),
        dead=_spells(faults.restarts, _random(seed, 2), total),
        held=held,
        nan=_spells(faults.not_numbers, _random(seed, 5), total),
    )


def _turns(plan: _Plan, n_outlets: int, markers_die: float | None) -> list[Turn]:
    everything = tuple(range(n_outlets))
    turns = [Turn(start, everything, dies=True) for start, _ in plan.dead]
    turns += [Turn(stop, everything, dies=False) for _, stop in plan.dead]
    turns += [] if markers_die is None else [Turn(markers_die, (MARKERS,), dies=True)]
    return sorted(turns, key=lambda turn: turn.at)


def _random(seed: int, kind: int) -> np.random.Generator:
    return np.random.default_rng((seed, kind))


def _spells(spells: Spells, rng: np.random.Generator, total: float) -> Spans:
    """Draw a Poisson process of stretches; those that meet become one."""
    number = int(rng.poisson(spells.per_minute * total / 60)) if spells.per_minute else 0
    starts = np.sort(rng.uniform(0, total, number)).tolist()
    lengths = rng.uniform(*spells.seconds, number).tolist()
    return _joined([(start, start + length) for start, length in zip(starts, lengths, strict=True)])


def _joined(spans: Sequence[tuple[float, float]]) -> Spans:
    joined: list[tuple[float, float]] = []
    for start, stop in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return tuple(joined)


def _inside(time: float, spans: Spans) -> bool:
    return any(start <= time < stop for start, stop in spans)


def _masked(times: Floats, spans: Spans) -> NDArray[np.bool_]:
    inside = np.zeros(len(times), bool)
    for start, stop in spans:
        inside |= (times >= start) & (times < stop)
    return inside


def _sent_at(time: float, held: Spans) -> float:
    """Return when something that is ready at `time` gets through."""
    return next((stop for start, stop in held if start <= time < stop), time)


@dataclass(frozen=True, slots=True, eq=False)
class _Packet:
    """Samples (n, n_columns) with the times at which they were taken (n,), and how late they are sent."""

    rows: NDArray[np.float32]
    times: Floats
    late: float


class _Samples:
    """The packets of a device, with all that is wrong with them."""

    def __init__(self, eeg: OutletSpec, faults: FaultSpec, plan: _Plan, seed: int) -> None:
        self._eeg = eeg
        self._faults = faults
        self._plan = plan
        self._seed = seed
        labels = [channel.label for channel in eeg.channels]
        roles = [role_of(channel.label, channel.kind, channel.unit) for channel in eeg.channels]
        self._volts = np.array([role is Role.EEG for role in roles])
        self._interpolated = roles.index(Role.INTERPOLATED) if Role.INTERPOLATED in roles else None
        self._flat, self._railed, self._noisy, self._not_numbers = (
            np.array([_column(labels, label) for label in named], np.int64)
            for named in (
                faults.channels.flat,
                faults.channels.railed,
                faults.channels.noisy,
                faults.not_numbers.labels,
            )
        )

    def spoilt(self, pushes: Iterator[Push]) -> Iterator[Push]:
        jitter = _random(self._seed, 7)
        packets: Iterator[_Packet] = map(self._packet, pushes)
        if self._faults.chunk is not None:
            packets = _cut(packets, _lengths(self._faults.chunk, _random(self._seed, 6)), self._eeg.sfreq)
        for packet in packets:
            yield from self._push(packet, jitter)

    def _packet(self, push: Push) -> _Packet:
        rows = np.array(push.content, np.float32)
        return _Packet(rows, push.stamps(self._eeg.sfreq), push.at - push.stamp)

    def _push(self, packet: _Packet, jitter: np.random.Generator) -> Iterator[Push]:
        gaps = self._plan.gaps
        if self._interpolated is not None:
            packet.rows[_masked(packet.times, self._plan.filled), self._interpolated] = 1
            gaps = tuple(set(gaps) - set(self._plan.filled))
        self._spoil(packet.rows, packet.times)
        stamps = self._stamps(packet.times, jitter)
        kept = ~_masked(packet.times, (*gaps, *self._plan.dead))
        if kept.any():
            at = _sent_at(float(packet.times[kept][-1]) + packet.late, self._plan.held)
            yield Push(EEG, at, float(stamps[kept][-1]), packet.rows[kept], stamps[kept])

    def _stamps(self, times: Floats, jitter: np.random.Generator) -> Floats:
        faults = self._faults.stamps
        number = len(times) if faults.jitter_of == "sample" else 1
        drawn = jitter.uniform(-faults.jitter, faults.jitter, number) if faults.jitter else 0.0
        stamps: Floats = times * faults.stretch + drawn
        return stamps

    def _spoil(self, rows: NDArray[np.float32], times: Floats) -> None:
        rows[np.ix_(_masked(times, self._plan.nan), self._not_numbers)] = np.nan
        faults = self._faults.channels
        since = times >= faults.since
        if not since.any():
            return
        rows[np.ix_(since, self._flat)] = 0.0
        rows[np.ix_(since, self._railed)] = RAIL
        mains = (MAINS * np.sin(2 * np.pi * 50 * times[since])).astype(np.float32)
        rows[np.ix_(since, self._noisy)] += mains[:, None]
        if faults.factor != 1:
            rows[np.ix_(since, self._volts)] *= np.float32(faults.factor)


def _lengths(chunk: tuple[int, int], rng: np.random.Generator) -> Iterator[int]:
    while True:
        yield int(rng.integers(chunk[0], chunk[1] + 1))


def _cut(packets: Iterator[_Packet], lengths: Iterator[int], sfreq: float) -> Iterator[_Packet]:
    """Cut packets anew; where samples are missing one ends."""
    held, wanted = None, next(lengths)
    for packet in packets:
        if held is not None and packet.times[0] - held.times[-1] > 1.5 / sfreq:
            yield held
            held = None
        held = packet if held is None else _joined_packets(held, packet)
        while held is not None and len(held.rows) >= wanted:
            first, held = _split(held, wanted)
            yield first
            wanted = next(lengths)
    if held is not None:
        yield held


def _split(packet: _Packet, first: int) -> tuple[_Packet, _Packet | None]:
    rest = _Packet(packet.rows[first:], packet.times[first:], packet.late)
    return _Packet(packet.rows[:first], packet.times[:first], packet.late), rest if len(rest.rows) else None


def _joined_packets(one: _Packet, other: _Packet) -> _Packet:
    rows = np.concatenate([one.rows, other.rows])
    return _Packet(rows, np.concatenate([one.times, other.times]), max(one.late, other.late))


def _column(labels: Sequence[str], label: str) -> int:
    if label not in labels:
        raise ConfigError(f"faults: expected a channel of the device, got {label!r}; it has {', '.join(labels)}")
    return labels.index(label)


def _markers(
    pushes: Iterator[Push], faults: FaultSpec, plan: _Plan, seed: int, total: float, triggers: int
) -> Iterator[Push]:
    """Yield what is sent of markers, spoilt, in order of time; `triggers` is the number of the second outlet."""
    spoilt = [*_spoilt(pushes, faults, seed, triggers), *_strays(faults.markers, seed, total)]
    heard = sorted((replace(push, at=_sent_at(push.at, plan.held)) for push in spoilt), key=lambda push: push.at)
    dies = faults.markers.die_after
    return (push for push in heard if dies is None or push.at < dies)


def _spoilt(pushes: Iterator[Push], spec: FaultSpec, seed: int, triggers: int) -> Iterator[Push]:
    rng, faults = _random(seed, 8), spec.markers
    for number, push in enumerate(pushes, 1):
        shares = rng.random(7)
        delays = rng.uniform(*faults.late_s), -rng.uniform(*faults.early_s), rng.uniform(0, faults.apart)
        late, early = shares[0] < faults.late, shares[1] < faults.early
        at = max(0.0, push.at + (delays[0] if late else delays[1] if early else 0.0))
        told = replace(push, at=at, stamp=push.stamp * spec.stamps.stretch)
        if faults.paired:
            trigger = replace(told, outlet=triggers, content=str(number % 255 + 1))
            yield from _pair(trigger, told, faults, shares[4:], delays[2])
        elif shares[2] >= faults.lost:
            yield told
            if shares[3] < faults.duplicated:
                yield replace(told, at=at + delays[2])


def _pair(trigger: Push, label: Push, faults: MarkerFaults, shares: Floats, apart: float) -> Iterator[Push]:
    if shares[0] >= faults.lost_triggers:
        yield trigger
        if shares[1] < faults.doubled_triggers:
            yield _later(trigger, DOUBLED)
    if shares[2] >= faults.lost_labels:
        yield _later(label, apart)


def _later(push: Push, seconds: float) -> Push:
    return replace(push, at=push.at + seconds, stamp=push.stamp + seconds)


def _strays(faults: MarkerFaults, seed: int, total: float) -> Iterator[Push]:
    rng = _random(seed, 9)
    number = int(rng.poisson(faults.strays_per_minute * total / 60)) if faults.strays_per_minute else 0
    for at, sign in zip(np.sort(rng.uniform(0, total, number)).tolist(), cycle((1, -1)), strict=False):
        yield Push(MARKERS, at, at + sign * STRAY, "stray")
