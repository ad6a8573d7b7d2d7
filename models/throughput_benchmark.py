"""How many events a second a recording is decoded at, beside the decoder alone; measured in turn, in one run.

What is decoded is noise, by an untrained network: figures are of time alone.
"""

import statistics
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bci.array_source import ArraySource
from bci.clock import lsl_clock
from bci.deciding import TOP_K
from bci.epochs import Epocher
from bci.errors import ConfigError
from bci.offline import decode_all
from models.bundle import load_bundle
from models.epocher import cut_all, make_epocher
from models.runtime import load_decoder
from models.timing import in_turn
from models.untrained import INTERVAL, save_untrained
from replay.load import noise_recording

__all__ = ["Throughput", "bench_throughput"]

N_CONCEPTS = 1654
CHUNK = 1024  # samples that the source hands over at a time
ROUNDS = 5
"""All are timed in turn, this often."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """What `bench_throughput` measured: events a second, medians of the rounds.

    Parameters
    ----------
    decoded
        From the recording in memory to decisions: filter, cut, whiten, encode, rank, decide.
    decoder
        `Decoder.decode` alone on the same epochs, as many at a time: encode and rank, on the threads that it uses.
    encoder
        Scores of the same epochs on all cores, nothing ranked.
    cut
        Epochs cut from the recording, nothing decoded.
    name
        Of the decoder.
    ratio
        Of `decoded` to `decoder`.
    """

    name: str
    rate: float
    n_channels: int
    n_events: int
    batch: int
    decoded: float
    decoder: float
    encoder: float
    cut: float
    ratio: float


def bench_throughput(rate: float, seconds: float, batch: int, encoder: str = "") -> Throughput:
    """Decode noise with five events a second, as fast as possible.

    Parameters
    ----------
    rate
        Of the recording, Hz.
    seconds
        Its length.
    batch
        Epochs that are decoded together.
    encoder
        See `models.untrained.save_untrained`.

    Raises
    ------
    ConfigError
        If it is too short for a batch, or there is no such encoder.
    MismatchError
        If the decoder cannot decode that rate.
    """
    if seconds < 2 * batch * INTERVAL:
        raise ConfigError(f"expected --seconds of at least {2 * batch * INTERVAL:g}, two batches; got {seconds:g}")
    with TemporaryDirectory() as folder:
        save_untrained(Path(folder) / "bundle", N_CONCEPTS, rate, encoder)
        bundle = load_bundle(Path(folder) / "bundle")
    decoder = load_decoder(bundle)
    recording = noise_recording(bundle.preprocess.channels, rate, seconds, bundle.bank.names, INTERVAL)

    def heard() -> tuple[ArraySource, Epocher]:
        source = ArraySource(recording, CHUNK, lsl_clock)
        return source, make_epocher(bundle, decoder, source.spec, lsl_clock)

    epochs = cut_all(*heard())
    alone = [epochs[first : first + batch] for first in range(0, len(epochs), batch)]
    taken = in_turn(
        lambda: decode_all(*heard(), decoder, lsl_clock, batch),
        lambda: [decoder.decode(part, [None] * len(part), TOP_K) for part in alone],
        lambda: decoder.scores(epochs),
        lambda: cut_all(*heard()),
        rounds=ROUNDS,
    )
    decoded, own, scored, cut = (len(epochs) / statistics.median(each) for each in taken)
    return Throughput(
        name=bundle.config.decoder.name,
        rate=rate,
        n_channels=len(bundle.preprocess.channels),
        n_events=len(epochs),
        batch=batch,
        decoded=round(decoded),
        decoder=round(own),
        encoder=round(scored),
        cut=round(cut),
        ratio=round(decoded / own, 3),
    )
