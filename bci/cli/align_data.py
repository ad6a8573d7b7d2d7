"""`bci align data`: pairs of EEG and fMRI, matched, split and projected."""

import argparse
import json
from pathlib import Path
from typing import Any

__all__ = ["main"]

DESCRIPTION = (
    "Pair EEG of pictures with fMRI of pictures that are like them, for training and judging an alignment."
)
EPILOG = """\
CONFIG is a TOML file or the name of one in configs; of it the section [data] is read. Its keys are options, as in
--data.matching.keep 0.3. An interrupted run goes on after its last stage. Beside the pairs come to lie tables of
the pictures, a sheet of matched ones to look at, and data.json.

examples:
  bci align data eeg-fmri-synthetic --out pairs                     synthetic, nothing to download
  bci align data eeg-fmri --out pairs
  bci align data eeg-fmri --data.fmri.ridge data/mindeye2/subj01/last.pth --out pairs

Exit codes: 0 written, 2 something is missing or does not fit.
"""


def main(argv: list[str]) -> int:
    """Run `bci align data`."""
    options, keys = _parser().parse_known_args(argv)
    from bci.cli.experiment import with_keys
    from bci.cli.progress import progress_bar
    from models.alignment.data_config import DataSection, load_data_config

    section = DataSection(data=load_data_config(options.config))
    config = with_keys(section, keys, f"bci align data {options.config}").data
    from models.alignment.data import make_pairs

    with progress_bar("pairing", share=True) as report:
        told = make_pairs(config, options.out, report)
    _say_json(options.out, told) if options.json else _say(options.out, told)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci align data",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("config", metavar="CONFIG", help="of an alignment")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="of the pairs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _say_json(out: Path, told: dict[str, Any]) -> None:
    print(json.dumps({"schema": 1, "folder": str(out), **told}, indent=2, ensure_ascii=False))


def _say(out: Path, told: dict[str, Any]) -> None:
    eeg, fmri, matching = told["eeg"], told["fmri"], told["matching"]
    parts = ", ".join(f"{n} {name}" for name, n in told["parts"].items())
    low, middle, high = matching["similarity"]
    print(
        f"{out}: {told['pairs']} pairs ({parts}) in {matching['components']} components\n"
        f"EEG:  {eeg['pictures']} pictures of {eeg['experiment']}, person {eeg['subject']}\n"
        f"fMRI: {fmri['pictures']} pictures, person {fmri['subject']}, {fmri['voxels']} voxels\n"
        f"      through {fmri['projection']}\n"
        f"cosine of pairs {low:.3f} to {high:.3f}, median {middle:.3f}; cut at {matching['threshold']:.3f}"
    )
    for caveat in told["caveats"]:
        print(f"note: {caveat}")
    if told["contact_sheet"]:
        print(f"look at {out / told['contact_sheet']}")
