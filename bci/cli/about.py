"""What a dashboard is told of a session: collected from the bundle, the bank, the stream and the options."""

from pathlib import Path
from typing import TYPE_CHECKING

from bci.specs import EventSpec, PreprocessSpec
from bci.viewing import About

if TYPE_CHECKING:
    from bci.bank import Bank
    from bci.decoder import Decoder
    from bci.epochs import Epocher
    from models.bundle import Bundle

__all__ = ["describe", "filters_in_words", "order_in_words"]


def describe(
    bundle: "Bundle",
    bank: "Bank",
    bank_file: Path,
    decoder: "Decoder",
    epocher: "Epocher",
    *,
    origin: str,
    budget: float,
    hide_truth: bool,
    folder: Path | None,
    ordered: bool,
) -> About:
    """Collect what stays the same while a session runs.

    Parameters
    ----------
    bank, bank_file
        What is ranked against, and its file: pictures lie beside it.
    origin, budget, hide_truth, folder
        See `bci.viewing.About`.
    ordered
        Whether the session bets on the order that the bundle declares.
    """
    from models.vision.thumbnails import thumbnail_folder
    from replay.electrodes import flat_positions

    pictures = thumbnail_folder(bank_file)
    stream = epocher.stream
    return About(
        origin=origin,
        stream=stream,
        decoder=decoder.spec,
        decoder_name=bundle.config.decoder.label or bundle.config.decoder.name,
        vision_model=bank.key.vision_model,
        window=(bundle.preprocess.tmin, bundle.preprocess.tmax),
        budget=budget,
        filters=filters_in_words(bundle.preprocess),
        trained_on=bundle.preprocess.digest,
        interpolated=epocher.preprocessor.interpolated,
        synthetic=bundle.config.data.reader == "world",
        categories=bank.categories,
        thumbnails=pictures if pictures.is_dir() else None,
        map=bank.map,
        calibration=bundle.calibration,
        paradigm=order_in_words(bundle.events) if ordered else None,
        hide_truth=hide_truth,
        folder=folder,
        positions=flat_positions(stream.labels),
    )


def filters_in_words(spec: PreprocessSpec) -> str:
    """Say what a decoder's preprocessing does to the signal."""
    edges = (f"{spec.highpass:g}" if spec.highpass else "DC", f"{spec.lowpass:g}" if spec.lowpass else "")
    band = (
        f"{edges[0]}-{edges[1]} Hz causal" if edges[1] else f"from {edges[0]}" + (" Hz" if spec.highpass else "")
    )
    parts = [
        band,
        f"notch {spec.notch:g} Hz" if spec.notch else "",
        f"{spec.reference} reference",
        f"{spec.sfreq:g} Hz",
        "" if spec.scale == "none" else f"scaled by {spec.whitening if spec.scale == 'whiten' else spec.scale}",
    ]
    return ", ".join(part for part in parts if part)


def order_in_words(events: EventSpec) -> str | None:
    """Say how a paradigm draws what is shown next; None where it declares nothing."""
    order = events.randomisation
    if order is None:
        return None
    if order.kind == "blocks":
        return "blocks that show every concept a fixed number of times"
    if not order.shares:
        return "every concept alike, drawn anew each time"
    shares = ", ".join(f"{name} {share:.0%}" for name, share in list(order.shares.items())[:4])
    return f"drawn anew each time: {shares}"
