"""From the options of `bci live` to what a session is made of: bundle, bank, decoder, stream, epochs."""

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bci.bad_channels import BadChannels
from bci.bank import Bank
from bci.channel_watch import ChannelWatch
from bci.devices import DeviceProfile
from bci.epochs import Epocher
from bci.errors import MismatchError
from bci.evidence import Accumulation, StoppingRule
from bci.randomisation import Randomisation, declared
from bci.source import Source
from bci.specs import BadChannelPolicy, RandomisationSpec
from bci.what_if import Gallery
from models.bundle import Bundle

if TYPE_CHECKING:
    from bci.cli.calibrate import Calibrate
    from bci.cli.live import Live
    from bci.player import Player
    from models.decoders import ScoringDecoder

__all__ = [
    "Loaded",
    "Opened",
    "accumulate",
    "calibrations_unused",
    "gallery_reader",
    "get_ready",
    "load_all",
    "load_whole",
    "mind_channels",
    "open_all",
    "open_source",
    "open_stream",
]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a session is made of.

    Parameters
    ----------
    folder
        Of the bundle.
    order, paradigm
        What is declared about the order of the concepts, and the bets that follow from it; None where nothing is.
    accumulation
        Sums the evidence of repeats; None where it may not, or nothing is repeated.
    channels
        What is done about bad channels.
    player
        What plays the file that is decoded; None if it is no file.
    beside
        Names of the streams that belong to it: those that markers are read from, and of contact quality.
    device
        How the stream is understood; None if it is no stream.
    """

    folder: Path
    bundle: Bundle
    bank: Bank
    decoder: "ScoringDecoder"
    order: RandomisationSpec | None
    paradigm: Randomisation | None
    source: Source
    epocher: Epocher
    accumulation: Accumulation | None
    channels: BadChannels
    player: "Player | None"
    beside: tuple[str, ...]
    device: DeviceProfile | None


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
    return open_source(options, load_all(options), can_hold=can_hold)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A decoder, ready to decode, and what it was loaded from."""

    folder: Path
    bundle: Bundle
    bank: Bank
    decoder: "ScoringDecoder"


def load_all(options: "Live") -> Loaded:
    """Load the decoder."""
    from models.runtime import load_decoder

    assert options.bundle is not None  # noqa: S101 (refused before)
    folder = options.bundle.resolve()
    bundle, bank = load_whole(folder, options.bank, options.group, options.calibration, options.events)
    return Loaded(folder, bundle, bank, load_decoder(bundle, bank))


def open_source(options: "Live", loaded: Loaded, *, can_hold: bool) -> Opened:
    """Open the stream or the file that a decoder is for; what cannot be decoded is refused before that."""
    from bci.clock import lsl_clock
    from bci.end_to_end import refuse_mismatch
    from models.epocher import make_epocher

    folder, bundle, bank, decoder = loaded.folder, loaded.bundle, loaded.bank, loaded.decoder
    accumulation = accumulate(bundle, bank, decoder, options)
    # a file that can be scrubbed shows the same events again: nothing can be declared about their order; windows
    # that slide overlap: nothing can be bet on them
    unordered = options.file is not None or bundle.events.mode == "sliding"
    order = None if unordered else bundle.events.randomisation
    paradigm = None if order is None else declared(order, decoder.spec.concepts)
    player = None if options.file is None else _open_file(options, hold=can_hold and not options.until_end)
    source, beside, device = (
        (player, (), None) if player is not None else open_stream(options, hold=options.record)
    )
    try:
        if not options.accept_mismatch:
            refuse_mismatch(bundle.preprocess, source.spec)
        epocher = make_epocher(bundle, decoder, source.spec, lsl_clock)
        channels = mind_channels(options.bad_channels or bundle.quality.bad_channels, epocher)
    except BaseException:
        source.close()
        raise
    return Opened(
        folder=folder,
        bundle=bundle,
        bank=bank,
        decoder=decoder,
        order=order,
        paradigm=paradigm,
        source=source,
        epocher=epocher,
        accumulation=accumulation,
        channels=channels,
        player=player,
        beside=beside,
        device=device,
    )


def mind_channels(policy: BadChannelPolicy, epocher: Epocher) -> BadChannels:
    """Make what looks after the channels of a stream.

    Raises
    ------
    MismatchError
        If they are to be made up from each other and cannot be.
    """
    preprocessor = epocher.preprocessor
    if policy == "make-up":  # tried before a sample comes: the first time loads MNE
        try:
            preprocessor.without([preprocessor.stream.labels[int(preprocessor.picking.columns[0])]])
        except MismatchError as error:
            raise MismatchError(f"bad channels cannot be made up: {error}; or say --bad-channels flag") from None
    return BadChannels(ChannelWatch(preprocessor.stream, preprocessor.passes), policy)


def calibrations_unused(bundle: Bundle, folder: Path) -> str:
    """Say that there are calibrations of people beside a bundle if none is in use; empty if there are none."""
    from models.calibration.artefact import FOLDER

    n = 0 if bundle.personal is not None else len(list((folder / FOLDER).glob("*/calibration.json")))
    return f"not calibrated to a person; beside the bundle: {n}, see bci calibrate {folder} --list" if n else ""


def accumulate(bundle: Bundle, bank: Bank, decoder: "ScoringDecoder", options: "Live") -> Accumulation | None:
    """Return what sums the evidence of repeats.

    Returns
    -------
    accumulation
        None where events repeat nothing, or the bundle has no temperature and discount for this bank.

    Raises
    ------
    ConfigError
        If the options make no sense.
    """
    from bci.config import parse
    from bci.specs import EvidenceSpec
    from models.bundle import calibration_for

    asked = {"alpha": options.alpha, "at_most": options.at_most}
    given = {name: value for name, value in asked.items() if value is not None}
    spec = parse(EvidenceSpec, bundle.config.evidence.model_dump() | given, "--alpha, --at-most")
    calibration, prototypes = calibration_for(bundle, bank), decoder.prototypes
    if bundle.events.group is None or prototypes is None or calibration is None:
        return None
    if calibration.get("discount") is None:
        return None
    temperature, discount = float(calibration["temperature"]), float(calibration["discount"])
    return Accumulation(StoppingRule(prototypes, temperature, discount, spec.alpha, spec.at_most))


def load_whole(
    folder: Path,
    bank_file: Path | None,
    group: str | None = None,
    calibration: str = "none",
    events_file: Path | None = None,
) -> tuple[Bundle, Bank]:
    """Read a bundle, a person's calibration of it, and the bank that it is to rank against.

    Parameters
    ----------
    bank_file
        None takes the bundle's own bank.
    group
        Which markers name the presentation that an event repeats, instead of what the bundle says.
    calibration
        Id of one beside the bundle, `latest` or `none`.
    events_file
        TOML with keys of an `EventSpec` that replace the bundle's own.

    Raises
    ------
    FormatError
        If a file is missing, damaged, or of a higher schema.
    MismatchError
        If bank or calibration do not fit the bundle.
    ConfigError
        If `group` is no such expression, or the file makes no sense.
    """
    from bci.bank import load_bank, numbered
    from bci.config import parse, read_toml
    from bci.specs import EventSpec
    from models.bundle import check_bank, load_bundle
    from models.calibration.applied import apply
    from models.calibration.artefact import find

    bundle = load_bundle(folder)
    if calibration != "none":
        bundle = apply(bundle, find(folder, calibration, bundle))
    bank = bundle.bank if bank_file is None else load_bank(bank_file)
    check_bank(bundle, bank)
    events = numbered(bundle.events, bank)
    if events_file is not None:
        events = parse(EventSpec, events.model_dump() | read_toml(events_file), str(events_file))
    if group is not None:
        events = parse(EventSpec, events.model_dump() | {"group": group}, "--group")
    return replace(bundle, config=bundle.config.model_copy(update={"events": events})), bank


def gallery_reader(opened: Opened) -> Callable[[Path], Gallery] | None:
    """Return what reads another bank as the decoder would rank it; None for one without prototypes."""
    return None if opened.decoder.prototypes is None else partial(read_gallery, opened.bundle)


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


def open_stream(
    options: "Live | Calibrate", *, hold: bool = False
) -> tuple[Source, tuple[str, ...], DeviceProfile]:
    """Open the stream that is asked for; return also the streams beside it, and how it is understood.

    With `hold` its samples are asked for only when they are pulled: what is decoded shall be recorded from the
    first one on.

    Raises
    ------
    StreamError
        If it is not there, or cannot be EEG.
    ConfigError
        If the device's profile makes no sense.
    """
    from bci.device_files import load_device
    from bci.discovery import Lookout
    from bci.lsl import configure
    from bci.lsl_source import LslSource

    configure(network=options.network)
    device = None if options.device is None else load_device(options.device)
    look = Lookout()
    source = LslSource(
        options.stream,
        markers=options.markers or None,
        reference=options.stream_reference,
        wait=options.wait,
        device=device,
        hold=hold,
    )
    quality = [stream.name for stream in look.in_sight if source.device.sends_contact_quality(stream.name)]
    return source, (*source.marker_names, *quality), source.device
