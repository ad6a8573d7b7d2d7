"""`bci explore`: look at single trials, what was shown beside the concepts that fit best."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive
from bci.cli.progress import progress_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bci.bank import Bank
    from bci.explored import Exploration, Explored
    from bci.types import TrialSet
    from bci.viewing import About
    from models.bundle import Bundle

__all__ = ["main", "trained_on"]

DESCRIPTION = (
    "Step through the trials of recordings: what was shown beside the concepts that a decoder finds to fit best."
)
EPILOG = """\
It is a look at single trials and no evaluation: for that, bci evaluate. Recordings that the bundle was trained on
are shown with a warning.

examples:
  bci explore faces muse-n170/rec_2017-09-13-15.42.33.csv.gz
  bci explore run/bundle run/recording_raw.fif --bank run/bank.safetensors      what bci demo --out run leaves
  bci explore things-bundle --bank data/things-eeg2-banks/vit_b32_test.safetensors --top 10

Left and Right step, M and H go to the next miss and hit, A averages repetitions, ? shows all keys.
"""
AT_ONCE = 256
"""Epochs that are scored at a time."""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    _refuse_without_window()
    exploration = _explore(options)
    if exploration.warning:
        print(f"warning: {exploration.warning}")
    from gui.explore_window import show

    show(exploration, options.top)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci explore",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="folder of a trained decoder")
    parser.add_argument(
        "data", metavar="DATA", nargs="*", type=Path,
        help="recordings, or files of epochs (default: the test partition of the bundle's config, if it has one)",
    )  # fmt: skip
    parser.add_argument("--bank", type=Path, metavar="FILE", help="rank this bank instead of the bundle's own")
    parser.add_argument(
        "--top", type=positive, default=5, metavar="K", help="how many concepts to show (default: %(default)s)"
    )
    return parser


def _refuse_without_window() -> None:
    from rich.console import Console

    from bci.cli.live import can_show
    from bci.errors import ConfigError

    if not can_show(Console(quiet=True)):
        raise ConfigError(
            "bci explore needs a screen and the dashboard (pip install 'bci-live[dashboard]'); there is no window "
            "here: use bci evaluate, or set QT_QPA_PLATFORM=offscreen"
        )


def _explore(options: argparse.Namespace) -> "Exploration":
    from bci.bank import load_bank
    from bci.explored import Exploration
    from models.bundle import load_bundle

    bundle = load_bundle(options.bundle)
    given = None if options.bank is None else load_bank(options.bank)
    trials, bank = _trials(bundle, given, options.data)
    explored, warning = _scored(bundle, bank, trials)
    about = _about(bundle, bank, options.bank or _bank_file(bundle, options), trials)
    return Exploration(
        about=about,
        explored=explored,
        epoch=_epochs(trials),
        temperature=about.temperature,
        score=_score_of(bundle),
        warning=warning,
    )


def _trials(bundle: "Bundle", bank: "Bank | None", paths: list[Path]) -> "tuple[TrialSet, Bank]":
    """Cut the trials of files, or else of the test partition; return them with the bank that is ranked."""
    from bci.errors import ConfigError
    from models.data import load_test_bank, load_test_trials, load_trials

    config = bundle.config
    if paths:
        ranked = bank or bundle.bank
        return load_trials(config, paths, bank=ranked), ranked
    if config.evaluation.test != "partition":
        raise ConfigError("expected recordings to look at, got none: bci explore BUNDLE DATA")
    return load_test_trials(config, bank=bank), bank or load_test_bank(config)


def _bank_file(bundle: "Bundle", options: argparse.Namespace) -> Path:
    """Return the file of the bank that is ranked where none is named: its thumbnails lie beside it."""
    from models.bundle import BANK
    from models.data import ranked_bank_file

    tested = None if options.data else ranked_bank_file(bundle.config)
    return tested or options.bundle / BANK


def _scored(bundle: "Bundle", bank: "Bank", trials: "TrialSet") -> "tuple[Explored, str]":
    """Score all trials, some at a time; say what keeps them from being held out."""
    import numpy as np

    from bci.explored import Explored
    from bci.types import read_only
    from models.evaluation.experiments import bundle_scores

    predict = bundle_scores(bundle, bank)
    trained, warning = trained_on(bundle, trials, bank)
    n = len(trials)
    scores = np.empty((n, len(bank.names)), np.float32)
    with progress_bar("scoring trials") as progress:
        for first in range(0, n, AT_ONCE):
            rows = slice(first, first + AT_ONCE)
            scores[rows] = predict(np.asarray(trials.data[rows], np.float32))
            progress(min(first + AT_ONCE, n), n)
    column = {name: index for index, name in enumerate(bank.names)}
    truth = np.array([column.get(name, -1) for name in trials.concept_names], np.int64)[trials.concepts]
    return (
        Explored(bank.names, read_only(truth), trials.images, read_only(scores), trials.groups, trained),
        warning,
    )


def trained_on(bundle: "Bundle", trials: "TrialSet", bank: "Bank") -> "tuple[NDArray[np.bool_], str]":
    """Return which trials (n,) a bundle was trained on, as far as it tells, and a warning; empty if there is none.

    Under a protocol that leaves subjects or concepts out, those that it knows are no more held out.
    """
    import numpy as np

    recordings = trials.groups["recording"]
    known = [str(name) for name in bundle.card.get("recordings", ())]
    flags = np.isin(recordings.astype(str), known)
    parts = []
    if flags.any():
        there, all_there = len(np.unique(recordings[flags])), len(np.unique(recordings))
        which = "this recording" if all_there == 1 else f"{there} of these {all_there} recordings"
        parts.append(f"trained on {which}: what you see is not held out")
    subjects = np.isin(
        trials.groups["subject"].astype(str), [str(name) for name in bundle.card.get("subjects", ())]
    )
    if bundle.config.evaluation.by == "subject" and (subjects & ~flags).any():
        flags = flags | subjects
        parts.append("trained on this subject, and its protocol leaves subjects out: what you see is not held out")
    both = len(set(bundle.bank.names) & set(bank.names))
    if bundle.config.evaluation.protocol == "zero-shot" and both:
        parts.append(
            f"{both} of the {len(bank.names)} concepts may have been trained on: what you see is not zero-shot"
        )
    return flags, "; ".join(parts)


def _about(bundle: "Bundle", bank: "Bank", bank_file: Path, trials: "TrialSet") -> "About":
    import numpy as np

    from bci.cli.about import filters_in_words
    from bci.types import StreamSpec
    from bci.viewing import About
    from models.bundle import calibration_for, decoder_spec, softmax_temperature
    from models.vision.thumbnails import thumbnail_folder

    recordings = np.unique(trials.groups["recording"])
    origin = str(recordings[0]) if len(recordings) == 1 else f"{len(recordings)} recordings"
    pictures = thumbnail_folder(bank_file)
    return About(
        origin=origin,
        stream=StreamSpec(origin, "EEG", "", trials.sfreq, trials.channels, trials.provenance.get("reference")),
        decoder=decoder_spec(bundle, bank),
        decoder_name=bundle.config.decoder.label or bundle.config.decoder.name,
        vision_model=bank.key.vision_model,
        window=(bundle.preprocess.tmin, bundle.preprocess.tmax),
        budget=0.0,
        filters=filters_in_words(bundle.preprocess),
        trained_on=bundle.preprocess.digest,
        synthetic=bundle.synthetic,
        categories=bank.categories,
        thumbnails=pictures if pictures.is_dir() else None,
        calibration=calibration_for(bundle, bank),
        temperature=softmax_temperature(bundle, bank),
    )


def _score_of(bundle: "Bundle") -> str:
    """Networks rank by cosine; what classifiers and regressions give has no such scale."""
    from models.decoders import DECODERS

    return "cosine" if DECODERS.get(bundle.config.decoder.name) == "network" else "score"


def _epochs(trials: "TrialSet") -> "Callable[[int], NDArray[np.float32]]":
    """The trials may be mapped from a file: one at a time is read."""
    import numpy as np

    return lambda trial: np.asarray(trials.data[trial], np.float32)
