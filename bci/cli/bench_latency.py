"""`bci bench latency`: how long decisions take, from inside and from outside, beside the bare decoder and mne-lsl.

Sessions of `bci live` and loops round mne-lsl take turns, see `bci.cli.latency_turn`.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bci.cli.latency_turn import (
    PATIENCE,
    SKIPPED,
    Decided,
    Load,
    Milliseconds,
    Turn,
    cpu_until_told,
    decode_with_bci,
    percentiles,
    take_turn,
)

__all__ = ["Latency", "measured", "say"]

NAME = "bci-bench"
RATE = 1000.0  # Hz
INTERVAL = 200  # samples between two events
N_CONCEPTS = 1654
ROUNDS = 2
LONG = 0.02  # s above which a decision is counted as slow


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured; all in milliseconds.

    Parameters
    ----------
    inside_ms
        From the arrival of a window's last sample in the session to the decision, as each decision says of itself.
    outside_ms
        From the push of that sample by the device to the arrival of the decision in another process.
    bare_ms
        Encoding and ranking one epoch, again and again, in the process of the session after it has ended.
    peer_ms
        From the push to the result of the same decoder in a loop round mne-lsl's `EpochsStream`, which filters and
        whitens nothing; None if mne-lsl is not there.
    stages_ms
        Median of each stage of `inside_ms`.
    cpu, peer_cpu
        Share of one core that the session's process took, and that of mne-lsl.
    events
        Decisions that were measured.
    over_20_ms
        How many of them took longer than that inside.
    lost
        Events whose window was complete, and that were not decoded.
    """

    minutes: float
    events: int
    lost: int
    over_20_ms: int
    inside_ms: Milliseconds
    outside_ms: Milliseconds
    bare_ms: Milliseconds
    peer_ms: Milliseconds | None
    stages_ms: dict[str, float]
    cpu: float
    peer_cpu: float | None


def measured(minutes: float) -> Latency:
    """Measure for so many minutes, half of them with mne-lsl if it is there.

    Raises
    ------
    ConfigError
        If there is too little time to measure anything.
    """
    from importlib.util import find_spec

    from bci.errors import ConfigError
    from bci.lsl import configure

    if minutes * 60 < 4 * ROUNDS * SKIPPED:
        raise ConfigError(f"expected --minutes of at least {4 * ROUNDS * SKIPPED / 60:.2g}, got {minutes:g}")
    configure()
    peer = find_spec("mne_lsl") is not None
    with TemporaryDirectory() as folder:
        return _measured(Path(folder), minutes, peer=peer)


def _measured(folder: Path, minutes: float, *, peer: bool) -> Latency:
    import numpy as np

    from bci.cli.live import Live
    from models.bundle import load_bundle
    from models.untrained import save_untrained

    bundle = folder / "bundle"
    save_untrained(bundle, N_CONCEPTS, RATE)
    seconds = minutes * 60 / ROUNDS / (2 if peer else 1)
    load = Load(load_bundle(bundle).preprocess, RATE, seconds, INTERVAL)
    ours: list[Turn] = []
    theirs: list[Turn] = []
    for number in range(ROUNDS):
        name = f"{NAME}-{number}"
        options = Live(bundle=bundle, streams=(name,), out=folder / name, headless=True)
        ours.append(take_turn(decode_with_bci, options, name, load, heard=True))
        if peer:
            theirs.append(take_turn(_decode_with_mne_lsl, bundle, f"{NAME}-peer-{number}", load))
    inside = np.concatenate([turn.inside for turn in ours])
    stages = {stage: np.concatenate([turn.stages[stage] for turn in ours]) for stage in ours[0].stages}
    return Latency(
        minutes=minutes,
        events=len(inside),
        lost=sum(turn.lost for turn in ours),
        over_20_ms=int((inside > LONG).sum()),
        inside_ms=percentiles(inside),
        outside_ms=percentiles(np.concatenate([turn.outside for turn in ours])),
        bare_ms=percentiles(np.concatenate([turn.bare for turn in ours])),
        peer_ms=percentiles(np.concatenate([turn.outside for turn in theirs])) if theirs else None,
        stages_ms={stage: round(float(np.median(spent)) * 1e3, 3) for stage, spent in stages.items()},
        cpu=round(float(np.mean([turn.cpu for turn in ours])), 4),
        peer_cpu=round(float(np.mean([turn.cpu for turn in theirs])), 4) if theirs else None,
    )


def _decode_with_mne_lsl(pipe: Any, name: str, bundle: Path) -> None:
    """Decode with mne-lsl's epochs: no filter, no whitening, the same decoder."""
    import numpy as np
    from mne_lsl.stream import EpochsStream, StreamLSL

    from bci.clock import lsl_clock
    from models.bundle import load_bundle
    from models.runtime import load_decoder
    from replay.metronome import COUNT, TRIGGER, WORDS

    decoder = load_decoder(load_bundle(bundle))
    factor = round(RATE / decoder.spec.sfreq)
    stream = StreamLSL(bufsize=4, name=name).connect(acquisition_delay=0.001, timeout=PATIENCE)
    stream.set_channel_types({TRIGGER: "stim", COUNT: "misc"}, on_unit_change="ignore")
    epochs = EpochsStream(
        stream,
        bufsize=10,
        event_id={str(word): word for word in range(1, WORDS + 1)},
        event_channels=TRIGGER,
        tmin=0.0,
        tmax=(decoder.spec.n_times - 1) / decoder.spec.sfreq + 1 / RATE,
        baseline=None,
    ).connect(acquisition_delay=0.001)
    columns = [epochs.info["ch_names"].index(label) for label in (*decoder.spec.channels, COUNT)]
    heard: list[tuple[int, float]] = []
    pipe.send("ready")

    def look() -> None:
        if epochs.n_new_epochs:
            for epoch in epochs.get_data(n_epochs=epochs.n_new_epochs):  # (n_channels, n_times)
                chosen = np.ascontiguousarray(epoch[columns[:-1], ::factor][None], np.float32)
                decoder.decode(chosen, [None], 5)
                heard.append((round(float(epoch[columns[-1], -1])), lsl_clock()))

    cpu = cpu_until_told(pipe, look)
    epochs.disconnect()
    stream.disconnect()
    pipe.send(Decided(cpu, heard, {}, np.zeros(0)))


def say(latency: Latency) -> None:
    """Print what was measured."""
    rows = {
        "inside": latency.inside_ms,
        "outside": latency.outside_ms,
        "bare decoder": latency.bare_ms,
        "mne-lsl": latency.peer_ms,
    }
    for name, figures in rows.items():
        told = "not installed" if figures is None else ", ".join(f"{k} {v:.2f}" for k, v in figures.items())
        print(f"{name:<13} {told}{' ms' if figures else ''}")
    spent = ", ".join(f"{stage} {value:.2f}" for stage, value in latency.stages_ms.items())
    print(f"median of stages: {spent} ms")
    beside = "" if latency.peer_cpu is None else f", mne-lsl {latency.peer_cpu:.1%}"
    counts = f"{latency.events} events, {latency.lost} lost, {latency.over_20_ms} over 20 ms"
    print(f"{counts}; of a core: {latency.cpu:.1%}{beside}")
