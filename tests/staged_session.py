"""A session as the dashboard sees it, staged by a test: no thread, no LSL, time is what the test says."""

from dataclasses import dataclass, replace

import numpy as np

from bci.decided import DecisionTable
from bci.history import History
from bci.painting import Painted
from bci.ranking import rank
from bci.snapshot import Snapshot
from bci.types import (
    Channel,
    Decision,
    DecoderSpec,
    Marker,
    SampleChunk,
    SourceState,
    Status,
    StreamSpec,
)
from bci.verdict import STAGES
from bci.viewing import About

__all__ = ["Easel", "StagedSession", "about", "decided"]


@dataclass
class Easel:
    """What a pane reads of `bci.painting.Painting`."""

    latest: Painted | None = None
    trouble: str = ""
    looked: int = 0

    def look(self):
        self.looked += 1


def about(n_concepts=10, channels=("O1", "Oz", "O2", "P7", "P8", "Fp1", "F3", "Cz"), sfreq=250.0, **facts):
    """Facts of a session on a synthetic stream; `facts` replace some of them."""
    stream = StreamSpec("staged", "EEG", "staged-1", sfreq, tuple(map(Channel, channels)), "average")
    concepts = tuple(f"thing-{i}" for i in range(n_concepts))
    decoder = DecoderSpec(tuple(channels), sfreq, int(sfreq), "0" * 64, concepts, "0" * 8, "1" * 8)
    given = {
        "origin": "live",
        "stream": stream,
        "decoder": decoder,
        "decoder_name": "channel_attention",
        "vision_model": "synthetic world",
        "window": (0.0, 1.0),
        "budget": 0.05,
        "filters": "0.5-40 Hz, causal",
        "trained_on": decoder.preprocess,
        "synthetic": True,
        "categories": tuple("abc"[i % 3] * 4 for i in range(n_concepts)),
    }
    return About(**(given | facts))


def decided(n_concepts=10, n=60, **facts):
    """Stage a session of `n` decisions, two of three right and one that names the first concept."""
    session = StagedSession(about(n_concepts, **facts))
    for i in range(n):
        session.decide(truth=i % n_concepts, best=i % n_concepts if i % 3 else 0)
    return session


class StagedSession:
    """Implements `bci.viewing.Viewed`.

    `stream(seconds)` lets noise come in, `decide(...)` makes a decision at the present moment.
    """

    def __init__(self, facts=None, seed=0):
        self.about = facts or about()
        self.history = History(self.about.stream.sfreq, len(self.about.stream.channels))
        self.rng = np.random.default_rng(seed)
        self.now = 100.0
        self.state = SourceState.FLOWING
        self.e_value, self.above_chance = None, False
        self.player = self.recordings = self.read_gallery = self.switch = self.painting = None
        self.mask = None
        self.recent = []
        self.ignored_markers = self.missing = 0
        self.pauses = self.excluded = ()
        self._table = DecisionTable()
        n_concepts = len(self.about.concepts)
        self.prototypes = np.eye(n_concepts, max(2, n_concepts), dtype=np.float32)

    def stream(self, seconds, data=None, gap=0):
        """Let samples come in: noise of 10 microvolts, or `data` (n_times, n_channels), after a `gap`."""
        sfreq = self.about.stream.sfreq
        if data is None:
            n_times = round(seconds * sfreq)
            data = self.rng.normal(size=(n_times, len(self.about.stream.channels))).astype(np.float32) * 10
        self.now += gap / sfreq
        self.missing += gap
        times = self.now + (np.arange(len(data)) + 1) / sfreq
        seq = self.history.end + gap if self.history.end else 0
        self.history.append(SampleChunk(np.float32(data), times, times[-1], seq, gap))
        self.now = times[-1]

    def decide(
        self,
        truth=None,
        best=0,
        status=Status.OK,
        reason="",
        latency=0.006,
        confidence=1.0,
        onset=None,
        *,
        window=False,
    ):
        """Make a decision, of a `window` instead of an event; `best` is ranked first, None for no ranking."""
        ranking = None
        if best is not None:
            evidence = self.prototypes[best] * confidence + self.rng.normal(size=self.prototypes.shape[1]) * 0.01
            ranking = rank(np.float32(evidence), self.prototypes, truth, 5)
        onset = self.now - 1.0 if onset is None else onset
        name = "unknown" if truth is None else self.about.concepts[truth]
        stages = dict.fromkeys(STAGES, latency / len(STAGES))
        seq = len(self._table.view())
        marker = None if window else Marker(onset, name, "staged", onset)
        decision = Decision(seq, marker, onset, truth, None, status, reason, ranking, stages, latency, self.state)
        self._table.add(decision)
        self.recent = [*self.recent, decision][-50:]
        return decision

    def snapshot(self):
        return Snapshot(
            state=self.state,
            samples=self.history.end,
            waiting=0,
            ignored_markers=self.ignored_markers,
            recent=tuple(self.recent),
            decided=self._table.view(),
            e_value=self.e_value,
            above_chance=self.above_chance,
            missing=self.missing,
            mask=self.about.interpolated if self.mask is None else self.mask,
            pauses=self.pauses,
            excluded=self.excluded,
        )

    def tell(self, **facts):
        """Change what is known of the session."""
        self.about = replace(self.about, **facts)
