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
    beside = _beside(bundle)
    found = [_picture(bundle, name, beside) for name in bundle.bank.names]
    if any(found):
        save_thumbnails(folder / BANK, found)


def _picture(bundle: Bundle, concept: str, beside: dict[str, Path]) -> Path | None:
    if named := bundle.config.targets.pictures.get(concept):
        path = Path(expand(named))
    elif concept in beside:
        path = beside[concept]
    else:
        return None
    if not path.is_file():
        _LOG.warning("no picture of %r for screens: expected %s", concept, path)
        return None
    return path


def _beside(bundle: Bundle) -> dict[str, Path]:
    """Return where the thumbnails of the bank that was trained with lie, by concept."""
    if bundle.config.targets.kind != "bank":
        return {}
    bank = Path(expand(bundle.config.targets.bank))
    folder = thumbnail_folder(bank)
    return {name: folder / f"{index}.webp" for index, name in enumerate(load_bank(bank).names)}
