"""From the options of `bci live` to what a session is made of: bundle, bank, decoder, stream, epochs."""

import gc
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bci.bank import Bank
from bci.clock import Clock
from bci.decoder import Decoder
from bci.epochs import Epocher
from bci.randomisation import Randomisation, declared
from bci.source import Source
from bci.specs import RandomisationSpec
from bci.types import StreamSpec
from bci.what_if import Gallery
from models.bundle import Bundle

if TYPE_CHECKING:
    from bci.cli.live import Live
    from bci.player import Player
    from models.decoders import ScoringDecoder

__all__ = ["Opened", "get_ready", "load_whole", "make_epocher", "open_all", "read_gallery"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session is made of.

    Parameters
    ----------
    folder
        Of the bundle.
    order, paradigm
        What is declared about the order of the concepts, and the bets that follow from it; None where nothing is.
    player
        What plays the file that is decoded; None if it is no file.
    marker_streams
        Names of the streams that markers are read from.
    """

    folder: Path
    bundle: Bundle
    bank: Bank
    decoder: "ScoringDecoder"
    order: RandomisationSpec | None
    paradigm: Randomisation | None
    source: Source
    epocher: Epocher
    player: "Player | None"
    marker_streams: tuple[str, ...]


def get_ready(*, dashboard: bool) -> None:
    """Do before a stream is opened what would make its first samples wait."""
    import scipy.signal

    if dashboard:
        import mne  # noqa: F401
        import scipy.stats  # noqa: F401
        from threadpoolctl import threadpool_limits

        # panes multiply small matrices: more threads would wait for each other, and take the decoder's cores
        threadpool_limits(1, user_api="blas")

    # the decoder's thread gets the interpreter back within half a millisecond
    sys.setswitchinterval(0.0005)
    # what is loaded by now stays: a full collection would stop every thread for tens of milliseconds
    gc.collect()
    gc.freeze()


def open_all(options: "Live", *, can_hold: bool) -> Opened:
    """Load the decoder, then open the stream or the file; what cannot be decoded is refused before that.

    Parameters
    ----------
    can_hold
        A file may wait at its end for somebody to go back.
    """
    from bci.clock import lsl_clock
    from models.runtime import load_decoder

    assert options.bundle is not None  # noqa: S101 (refused before)
    folder = options.bundle.resolve()
    bundle, bank = load_whole(folder, options.bank)
    decoder = load_decoder(bundle, bank)
    # a file that can be scrubbed shows the same events again: nothing can be declared about their order
    order = None if options.file is not None else bundle.events.randomisation
    paradigm = None if order is None else declared(order, decoder.spec.concepts)
    player = None if options.file is None else _open_file(options, hold=can_hold and not options.until_end)
    source, markers = (player, ()) if player is not None else _open_stream(options)
    try:
        epocher = make_epocher(bundle, decoder, source.spec, lsl_clock)
    except BaseException:
        source.close()
        raise
    return Opened(folder, bundle, bank, decoder, order, paradigm, source, epocher, player, markers)


def make_epocher(bundle: Bundle, decoder: Decoder, stream: StreamSpec, clock: Clock) -> Epocher:
    """Make what cuts the epochs that a bundle was trained on.

    Raises
    ------
    MismatchError
        If the stream lacks channels, or is recorded against another reference.
    """
    from replay.spherical_splines import interpolation_matrix

    epocher = Epocher(
        stream,
        bundle.preprocess,
        bundle.events,
        bundle.quality,
        decoder.spec.concepts,
        clock,
        whitening=bundle.whitening,
        interpolate=interpolation_matrix,
    )
    _check_reference(bundle, stream)
    return epocher


def load_whole(folder: Path, bank_file: Path | None) -> tuple[Bundle, Bank]:
    """Read a bundle and the bank that it is to rank against, its own if no file is given.

    Raises
    ------
    FormatError
        If a file is missing, damaged, or of a higher schema.
    MismatchError
        If the bank does not fit the bundle.
    """
    from bci.bank import load_bank, numbered
    from models.bundle import check_bank, load_bundle

    bundle = load_bundle(folder)
    bank = bundle.bank if bank_file is None else load_bank(bank_file)
    check_bank(bundle, bank)
    events = numbered(bundle.events, bank)
    return replace(bundle, config=bundle.config.model_copy(update={"events": events})), bank


def read_gallery(bundle: Bundle, file: Path) -> Gallery:
    """Read another bank as a bundle's decoder ranks it.

    Raises
    ------
    FormatError
        If the file is no bank.
    MismatchError
        If the bank does not fit the bundle.
    """
    from bci.bank import load_bank
    from models.runtime import load_decoder

    bank = load_bank(file)
    prototypes = load_decoder(bundle, bank, "cpu").prototypes
    assert prototypes is not None  # noqa: S101 (asked of decoders with prototypes alone)
    return Gallery(bank.names, prototypes, bank.categories, file.name)


def _open_file(options: "Live", *, hold: bool) -> "Player":
    from bci.player import Player
    from replay.readers import open_recording

    assert options.file is not None  # noqa: S101 (for the type checker)
    recording = open_recording(options.file)
    return Player(recording, hold=hold, name=options.file.name, reference=options.stream_reference)


def _open_stream(options: "Live") -> tuple[Source, tuple[str, ...]]:
    from bci.lsl import configure
    from bci.lsl_source import LslSource

    configure(network=options.network)
    source = LslSource(options.stream, markers=options.markers or None, reference=options.stream_reference)
    return source, source.marker_names


def _check_reference(bundle: Bundle, stream: StreamSpec) -> None:
    from bci.errors import MismatchError
    from bci.montage import canonical

    trained, given = bundle.reference, stream.reference
    if trained and given and canonical(trained) != canonical(given):
        raise MismatchError(
            f"stream {stream.name!r} is recorded against {given}, the decoder was trained on data against "
            f"{trained}: record against {trained}, or train on such data"
        )
