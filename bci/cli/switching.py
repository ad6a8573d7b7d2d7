"""Another decoder for a session that runs: loaded and warmed up beside it, then handed over between two events."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bci.viewing import LocalSession

if TYPE_CHECKING:
    from bci.cli.live import Live
    from bci.cli.opening import Opened

__all__ = ["switchable"]


def switchable(viewed: LocalSession, options: "Live", opened: "Opened") -> LocalSession:
    """Let what decodes a session be exchanged; `options` and `opened` say what decodes it now."""
    return replace(viewed, switch=partial(_switch, viewed, options, opened))


def _switch(viewed: LocalSession, options: "Live", opened: "Opened", file: Path) -> LocalSession:
    """Load what a file holds and hand it over; see `bci.viewing.Viewed.switch`."""
    from bci.cli.about import describe
    from bci.cli.opening import accumulate, gallery_reader, load_whole
    from bci.clock import lsl_clock
    from bci.end_to_end import refuse_mismatch
    from bci.pair import Pair
    from models.epocher import make_epocher
    from models.runtime import load_decoder

    options = _meant(file, options, opened.folder)
    folder = options.bundle
    assert folder is not None  # noqa: S101 (for the type checker)
    assert viewed.about.folder is not None  # noqa: S101 (it decodes here)
    bundle, bank = load_whole(folder, options.bank, options.group, options.calibration, options.events)
    if not options.accept_mismatch:
        refuse_mismatch(bundle.preprocess, opened.source.spec)
    decoder = load_decoder(bundle, bank)
    accumulation = accumulate(bundle, bank, decoder, options)
    epocher = make_epocher(bundle, decoder, opened.source.spec, lsl_clock)
    new = replace(
        opened,
        folder=folder.resolve(),
        bundle=bundle,
        bank=bank,
        decoder=decoder,
        accumulation=accumulation,
        epocher=epocher,
    )
    about = describe(options, new, viewed.about.folder, seen=True)
    first = viewed.session.swap(Pair(epocher, decoder, accumulation))
    now = replace(viewed, about=replace(about, first=first), read_gallery=gallery_reader(new))
    return switchable(now, options, new)


def _meant(file: Path, options: "Live", bundle: Path) -> "Live":
    """Say what is meant: a bundle with its own bank, a person's calibration, or another bank."""
    if file.is_dir() or file.name == "bundle.json":
        folder = file if file.is_dir() else file.parent
        return replace(options, bundle=folder, bank=None, calibration="none")
    if file.name == "calibration.json":
        return replace(options, bundle=file.parents[2], calibration=file.parent.name)
    return replace(options, bundle=bundle, bank=file)
