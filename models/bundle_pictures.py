"""A picture of each concept beside a bundle's bank, so that screens can show what is named."""

import logging
from pathlib import Path

from bci.bank import load_bank
from bci.config import expand
from models.bundle import BANK, Bundle
from models.vision.thumbnails import save_thumbnails, thumbnail_folder

__all__ = ["save_pictures"]

_LOG = logging.getLogger(__name__)


def save_pictures(folder: Path, bundle: Bundle) -> None:
    """Write thumbnails of a bundle's concepts into its folder, where pictures of them can be had.

    They come from `targets.pictures`, or lie beside the bank that the bundle was trained with. A picture that is
    not there is said in the log and left out: nothing but a screen needs it.
    """
    found = [_picture(bundle, name) for name in bundle.bank.names]
    if any(found):
        save_thumbnails(folder / BANK, found)


def _picture(bundle: Bundle, concept: str) -> Path | None:
    targets = bundle.config.targets
    if named := targets.pictures.get(concept):
        path = Path(expand(named))
    elif targets.kind == "bank":
        path = _beside(Path(expand(targets.bank)), concept)
    else:
        return None
    if not path.is_file():
        _LOG.warning("no picture of %r for screens: expected %s", concept, path)
        return None
    return path


def _beside(bank: Path, concept: str) -> Path:
    return thumbnail_folder(bank) / f"{load_bank(bank).names.index(concept)}.webp"
