"""Draw the learning curves of reconstructions, and lay panels of each on one sheet.

    python docs/make_reconstruction_figures.py REPORT FOLDER [FOLDER ...] --out docs/pictures

REPORT is what `bci reconstruct evaluate FOLDER [FOLDER ...]` wrote of these folders. Only synthetic ones belong
into the documentation: nobody's photographs are in them.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

from models.reconstruction.curve import read_curve
from models.reconstruction.store import VISUALIZATIONS

SHEET_WIDTH = 1200


def main() -> None:
    """Write `reconstruction-curve.png`, and for each folder `reconstruction-FOLDER.webp`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    draw_curves(options.folders, options.out / "reconstruction-curve.png")
    for folder in options.folders:
        sheet = options.report / VISUALIZATIONS / folder.name / "panels.png"
        shrink(sheet, options.out / f"reconstruction-{folder.name}.webp")


def draw_curves(folders: list[Path], path: Path) -> None:
    """Draw the distance of pixels over passes, for training and for left-out concepts."""
    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for number, folder in enumerate(folders):
        curve = read_curve(folder)
        epochs = [line["epoch"] for line in curve]
        axes.plot(epochs, [line["l1"] for line in curve], f"C{number}--", label=f"{folder.name}, training")
        left_out = [line["validation_l1"] for line in curve]
        axes.plot(epochs, left_out, f"C{number}-o", label=f"{folder.name}, left-out concepts")
    axes.set(xlabel="pass", ylabel="L1 of pixels, -1 to 1", title="SYNTHETIC data")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=120)


def shrink(sheet: Path, path: Path) -> None:
    """Write a sheet no wider than a page."""
    with Image.open(sheet) as whole:
        whole.thumbnail((SHEET_WIDTH, whole.height))
        whole.save(path, quality=85)


if __name__ == "__main__":
    main()
