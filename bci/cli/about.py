"""What a dashboard is told of a session: collected from the bundle, the bank, the stream and the options."""

from pathlib import Path
from typing import TYPE_CHECKING

from bci.end_to_end import mismatch
from bci.evidence import UNCALIBRATED
from bci.specs import PreprocessSpec, RandomisationSpec
from bci.viewing import About

if TYPE_CHECKING:
    from bci.cli.live import Live
    from bci.cli.opening import Opened

__all__ = ["describe", "filters_in_words", "order_in_words"]


def describe(options: "Live", opened: "Opened", folder: Path, *, seen: bool) -> About:
    """Collect what stays the same while a session runs.

    Parameters
    ----------
    folder
        Where the session is written.
    seen
        Electrodes have a place for a dashboard here; finding it takes a second.
    """
    from models.bundle import BANK, calibration_for, softmax_temperature
    from models.vision.thumbnails import thumbnail_folder
    from replay.electrodes import flat_positions

    bundle, bank, stream = opened.bundle, opened.bank, opened.source.spec
    pictures = thumbnail_folder(options.bank or opened.folder / BANK)
    return About(
        origin="live" if options.file is None else f"file {options.file.name}",
        stream=stream,
        decoder=opened.decoder.spec,
        decoder_name=bundle.config.decoder.label or bundle.config.decoder.name,
        vision_model=bank.key.vision_model,
        window=(bundle.preprocess.tmin, bundle.preprocess.tmax),
        budget=options.budget_ms / 1e3,
        filters=filters_in_words(bundle.preprocess),
        trained_on=bundle.preprocess.digest,
        interpolated=opened.epocher.preprocessor.interpolated,
        synthetic=bundle.synthetic,
        mismatch=mismatch(bundle.preprocess, stream),
        categories=bank.categories,
        thumbnails=pictures if pictures.is_dir() else None,
        map=bank.map,
        calibration=calibration_for(bundle, bank),
        personal=None if bundle.personal is None else bundle.personal.facts,
        prototypes=opened.decoder.prototypes,
        temperature=softmax_temperature(bundle, bank),
        paradigm=order_in_words(opened.order),
        stopping=_stopping_in_words(opened),
        hide_truth=options.hide_truth,
        folder=folder,
        positions=flat_positions(stream.labels) if seen else None,
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


def order_in_words(order: RandomisationSpec | None) -> str | None:
    """Say how a paradigm draws what is shown next; None where it declares nothing."""
    if order is None:
        return None
    if order.kind == "blocks":
        return "blocks that show every concept a fixed number of times"
    if not order.shares:
        return "every concept alike, drawn anew each time"
    shares = ", ".join(f"{name} {share:.0%}" for name, share in list(order.shares.items())[:4])
    return f"drawn anew each time: {shares}"


def _stopping_in_words(opened: "Opened") -> str | None:
    if opened.bundle.events.group is None:
        return None
    return UNCALIBRATED if opened.accumulation is None else opened.accumulation.rule.words
