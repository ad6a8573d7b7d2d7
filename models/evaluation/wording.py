"""How figures and the protocol card are said, the same in the terminal and in the HTML report."""

from collections.abc import Iterator

from bci.bootstrap import Interval
from models.evaluation.report import Report

__all__ = ["card_lines", "interval_text", "number", "p_text"]


def number(value: float | None) -> str:
    """Return a figure with three decimals, nothing for None."""
    return "" if value is None else f"{value:.3f}"


def p_text(p: float | None) -> str:
    """Return a p-value with three decimals, or that it is smaller; nothing for None."""
    return "< 0.001" if p is not None and p < 0.001 else number(p)


def interval_text(interval: Interval | None) -> str:
    """Return an interval in brackets, nothing for None."""
    return "" if interval is None else f"[{interval.low:.3f}, {interval.high:.3f}]"


def card_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield title and text of the lines of the protocol card."""
    card = report.card
    judged = {
        "partition": "one fit, judged on a test partition of its own",
        "bundle": "one decoder, judged as it is on what it was not trained on",
    }
    folds = f"left out by {card.left_out}, {card.n_folds} folds"
    yield "protocol", f"{card.protocol}, {judged.get(card.left_out, folds)}"
    fewest, most = card.n_candidates
    ranked = f"{most}" if fewest == most else f"{fewest} to {most}"
    yield "gallery", f"{card.gallery}; {ranked} candidates per trial, {card.concepts} concepts in the bank"
    yield "decoder", f"{card.decoder}, seeds {', '.join(map(str, card.seeds))}; {card.selection}"
    yield "trials", f"{card.n_scored} of {card.n_trials} scored; {card.averaged}"
    yield "people", f"{card.n_subjects} subjects, {card.n_recordings} recordings"
    yield (
        "signal",
        (
            f"{len(card.channels)} channels, {card.window[0]:g} to {card.window[1]:g} s at {card.sfreq:g} Hz, "
            f"{card.causal}"
        ),
    )
    for excluded in card.excluded:
        yield "excluded", excluded
    for caveat in card.caveats:
        yield "caveat", caveat
    if calibration := report.calibration:
        yield (
            "calibration",
            (
                f"temperature fitted to {calibration.fitted_on}; it belongs to this decoder and bank, "
                f"{calibration.n_candidates} candidates, {calibration.repetitions} presentation"
            ),
        )
    if interval := report.headline.interval:
        yield "intervals", f"bootstrap, {interval.resamples} draws; they speak of {interval.speaks_of}"
    yield "software", ", ".join(f"{name} {version}" for name, version in report.versions.items())
