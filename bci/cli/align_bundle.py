"""`bci align bundle`: a decoder of EEG alone from a run, for `bci live`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.align_parser import run_parser

if TYPE_CHECKING:
    from models.alignment.config import AlignmentConfig
    from models.config import ExperimentConfig

__all__ = ["main"]

EPILOG = """\
The bundle embeds epochs into the space of the fMRI by learned queries and ranks concepts, each the mean fMRI
vector of training pairs. --concepts names a text file with the concept of each EEG picture, one a line, where the
pairs do not tell.

examples:
  bci align bundle runs/eeg-fmri_20260101-120000 --data pairs --out decoder
  bci align bundle runs/eeg-fmri-known_20260101-120000 --out decoder
  bci live decoder
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from bci.storage import refuse_non_empty
    from models.alignment.bundle import export
    from models.alignment.run import MODEL
    from models.alignment.source import open_source
    from models.alignment.trained import load_trained
    from models.bundle import save_bundle

    refuse_non_empty(options.out)
    trained = load_trained(options.run / MODEL)
    opened = open_source(trained.config, options.data)
    concepts = _concepts(options.concepts) or opened.concepts
    bundle = export(trained, opened.pairs, concepts, _experiment(trained.config))
    save_bundle(options.out, bundle)
    n = len(bundle.bank.names)
    print(f"{options.out}: decoder {bundle.id}, {n} concepts as fMRI vectors; next: bci live {options.out}")
    return 0


def _experiment(config: "AlignmentConfig") -> "ExperimentConfig | None":
    """Whose trials the EEG of the pairs is; None if they were made."""
    from bci.config import load_config
    from models.config import ExperimentConfig

    return None if config.data is None else load_config(ExperimentConfig, config.data.eeg.experiment)


def _concepts(path: Path | None) -> tuple[str, ...]:
    from bci.errors import FormatError

    if path is None:
        return ()
    try:
        return tuple(path.read_text(encoding="utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot read the names of concepts, one a line, from {path}: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = run_parser("bundle", "Make a decoder of EEG alone from an alignment.", EPILOG)
    parser.add_argument("--concepts", type=Path, metavar="FILE", help="concept of each EEG picture, one a line")
    return parser
