"""Sessions on virtual time whose device has faults: all that runs live, but liblsl and threads."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

from bci.bad_channels import BadChannels
from bci.channel_watch import ChannelWatch
from bci.clock import VirtualClock
from bci.deciding import Decider
from bci.decoder import FakeDecoder
from bci.epochs import Epocher
from bci.events import CONTROL_PREFIX
from bci.flow_watch import burdened
from bci.pair import Pair
from bci.reception import Reception
from bci.specs import EventSpec, PreprocessSpec, QualitySpec
from bci.types import Channel, DecoderSpec, Epoch, Recording, Status
from bci.waiting import Waiting
from replay.dialects.generic import generic
from replay.dialects.speech import Device
from replay.faults import FaultSpec
from replay.scripted_line import ScriptedLine
from replay.scripted_source import understood
from replay.spoil import spoil

CONCEPTS = tuple("abcdefgh")
LABELS = ("ramp", "C3", "C4", "O1")
EVENTS = EventSpec(lock=("[a-h]",))
WINDOW = 0.5  # s
START = 1000.0
BEHIND = WINDOW + 0.2  # s after which a session that pulls every 0.1 s must have decided, and shown the state


@dataclass
class Outcome:
    """What a session came to."""

    recording: Recording
    epochs: list[Epoch]
    decisions: list
    states: list  # (when, state, reason, whether rows came)
    chunks: list
    heard: list
    arrivals: list  # when rows came
    ignored: int


class HeardLine(ScriptedLine):
    """Notes when rows came."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.arrivals = []

    def receive(self, timeout, rest=0.0):
        rows, stamps = super().receive(timeout, rest)
        if len(stamps):
            self.arrivals.append(self._clock())
        return rows, stamps


def shown(seconds, sfreq, interval=0.7, seed=0):
    """A recording whose first channel counts samples, with markers that name concepts at random."""
    rng = np.random.default_rng(seed)
    n_times = int(seconds * sfreq)
    data = rng.normal(0, 10, (n_times, len(LABELS))).astype(np.float32)
    data[:, 0] = np.arange(n_times)
    onsets = np.cumsum(rng.uniform(0.5 * interval, 1.5 * interval, int(seconds / interval)))
    samples = [int(onset * sfreq) for onset in onsets if onset < seconds - 1]
    markers = tuple((sample, str(rng.choice(CONCEPTS))) for sample in samples)
    return Recording(data, sfreq, ((0, 0.0),), markers, tuple(map(Channel, LABELS)), "FCz")


def live_through(recording, faults=FaultSpec(), seed=0, chunk=8, events=EVENTS, **options):  # noqa: B008
    """Play a recording with faults on virtual time, and decode it as a session would; options of `Decoding`."""
    clock = VirtualClock(START)
    speech = generic(recording, Device("device", "id", chunk=chunk))
    spoilt = spoil(speech, faults, seed)
    _, arranged, stream = understood(spoilt)
    line = HeardLine(spoilt, clock)
    source = Reception(line, stream, arranged, clock)
    session = Decoding(recording, source, clock, line.arrivals, events, **options)
    silent = 0.0
    while silent < 2.0 or not line.exhausted:
        before = clock()
        brought = session.step()
        silent = 0.0 if brought else silent + clock() - before
    return session.finish()


class Laborious(FakeDecoder):
    """Takes its time, on a clock of its own."""

    def __init__(self, spec, prototypes, seconds, clock):
        super().__init__(spec, prototypes)
        self._seconds, self._clock = seconds, clock

    def decode(self, epochs, watch, k):
        self._clock.advance(self._seconds)
        return super().decode(epochs, watch, k)


def mean_of_others(have, want):
    return np.array([[label == other if label in have else 1 / len(have) for other in have] for label in want])


class Decoding:
    """A source that is pulled and cut by one thread, and decoded by another: here they take turns.

    `policy` is that of bad channels, `labour` how long it takes to decode an epoch, seconds.
    """

    def __init__(self, recording, source, clock, arrivals=(), events=EVENTS, policy="flag", labour=0.0):
        labels = tuple(channel.label for channel in source.spec.channels if channel.kind == "eeg")
        rate = source.spec.sfreq
        spec = PreprocessSpec(channels=labels, sfreq=rate, tmax=WINDOW)
        fits = DecoderSpec(labels, rate, spec.n_times, spec.digest, CONCEPTS, "00000000", "11111111")
        self._own = VirtualClock(clock())  # of the thread that decodes
        decoder = Laborious(fits, np.eye(len(CONCEPTS), len(labels), dtype=np.float32), labour, self._own)
        self.out = Outcome(recording, [], [], [], [], [], arrivals, 0)
        self._source = source
        self._clock = clock
        self._epocher = Epocher(
            source.spec, spec, events, QualitySpec(), CONCEPTS, clock, interpolate=mean_of_others
        )
        self._pair = Pair(self._epocher, decoder)
        self._decider = Decider(self._own, 0.05, lambda: self.out.states[-1][1:3])
        self._waiting = Waiting(8)
        self._channels = BadChannels(ChannelWatch(source.spec), policy)
        self._bad = frozenset()

    def step(self):
        """Pull once; say whether that brought samples."""
        out, arrivals = self.out, len(self.out.arrivals)
        batch = self._source.pull(0.1)
        if batch.chunk is not None and self._channels.feed(batch.chunk):
            self._make_up()
        trouble = self._channels.trouble(self._epocher.preprocessor)
        standing = burdened((batch.state, batch.reason), [trouble] if trouble else [])
        out.states.append((self._clock(), *standing, len(out.arrivals) > arrivals))
        out.heard += batch.markers
        out.chunks += [] if batch.chunk is None else [batch.chunk]
        self._take(self._epocher.feed(batch))
        return batch.chunk is not None

    def finish(self):
        self._take(self._epocher.finish())
        self._decode(inf)
        self.out.ignored = self._epocher.ignored_markers
        return self.out

    def _make_up(self):
        preprocessor = self._epocher.preprocessor
        bad = self._channels.left_out(preprocessor, (), self._bad)
        if bad != self._bad:
            self._bad = bad
            preprocessor.adopt(preprocessor.without(bad))

    def _take(self, epochs):
        self._decode(self._clock())
        for epoch in epochs:
            flagged = self._channels.flagged(epoch, self._epocher.preprocessor)
            self._waiting.put(flagged, self._pair, self._clock())
        self._own.now = max(self._own.now, self._clock())
        self._decode(self._clock())

    def _decode(self, until):
        """Decode what can be begun by then."""
        while self._own.now <= until and len(self._waiting):
            epoch, pair, given_up = self._waiting.take()
            self.out.epochs.append(epoch)
            self.out.decisions.append(self._decider.decide(epoch, pair, given_up))


# ------------------------------------------------------------------------------------- what must hold


def everything_is_accounted_for(out):
    heard = [marker for marker in out.heard if not marker.value.startswith(CONTROL_PREFIX)]
    events = [marker for marker in heard if marker.value in CONCEPTS]
    assert len(out.decisions) == len(events)
    assert Counter(d.marker.value for d in out.decisions) == Counter(marker.value for marker in events)
    assert [decision.seq for decision in out.decisions] == list(range(len(events)))
    assert out.ignored == len(heard) - len(events)
    assert {decision.status for decision in out.decisions} <= set(Status)
    assert all((decision.ranking is None) == (decision.status >= Status.DROPPED) for decision in out.decisions)
    once = Counter((d.marker.time, d.marker.value) for d in out.decisions if "duplicate" not in d.reason)
    assert set(once.values()) <= {1}


def labels_and_samples_are_right(out):
    """The window begins with the sample on which its marker stood; the first channel tells which one that is."""
    shown_at = dict(out.recording.markers)
    samples = np.array(sorted(shown_at))
    for epoch, decision in zip(out.epochs, out.decisions, strict=True):
        if epoch.data is None:
            continue
        first = round(float(epoch.data[0, 0]))
        nearest = int(samples[np.abs(samples - first).argmin()])
        assert CONCEPTS[epoch.truth] == shown_at[nearest] == decision.marker.value
        assert abs(nearest - first) <= 1 or decision.reason
        assert np.diff(epoch.data[0]).tolist() == [1.0] * (epoch.data.shape[1] - 1)  # no gap goes unnoticed


def samples_are_in_place(out, start, *, exact):
    """The index of each sample says how many were taken before it, those that never came included."""
    times = np.concatenate([chunk.times for chunk in out.chunks])
    assert (np.diff(times) >= 0).all()
    for before, after in pairwise(out.chunks):
        assert after.seq == before.seq + len(before.times) + after.gap_before
    if exact:
        taken = np.concatenate([chunk.data[:, 0] for chunk in out.chunks]).astype(int)
        counted = np.concatenate([chunk.seq + np.arange(len(chunk.times)) for chunk in out.chunks])
        assert np.abs((taken - taken[0]) - (counted - counted[0])).max() <= 1
        np.testing.assert_allclose(times - start, taken / out.recording.sfreq, atol=1 / out.recording.sfreq)
