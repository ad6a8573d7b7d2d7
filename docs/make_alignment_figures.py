"""Draw an alignment's learning curve and its sheet of results from the `report.json` of `bci align evaluate`.

With `--pairs` also the sheet of matched pictures that `bci align data` wrote, as a small file.

python docs/make_alignment_figures.py report/report.json docs/pictures --pairs pairs
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from PIL import Image

Report = Mapping[str, Any]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Okabe and Ito's, which most people tell apart."""


def main() -> None:
    """Read the report and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path, help="report.json")
    parser.add_argument("folder", type=Path, help="where pictures go")
    parser.add_argument("--pairs", type=Path, help="folder of pairs, with contact_sheet.png")
    options = parser.parse_args()
    mpl.rcParams.update(
        {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9, "svg.fonttype": "none"}
    )
    report = json.loads(options.report.read_text(encoding="utf-8"))
    for name, draw in (("learning", learning), ("results", results)):
        figure = draw(report)
        figure.suptitle(report["card"]["data"], fontsize=9)
        figure.savefig(options.folder / f"alignment-{name}.png", dpi=110)
    if options.pairs is not None:
        with Image.open(options.pairs / "contact_sheet.png") as sheet:
            sheet.save(options.folder / "alignment-pairs.webp", quality=80)


def learning(report: Report) -> plt.Figure:
    """Losses in training and retrieval in validation, pass by pass."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    history = report["history"]
    _curves(left, history, ("train/mse", "train/infonce", "train/distillation"))
    left.set(xlabel="pass", ylabel="loss, before it is scaled", ylim=(0, None))
    _curves(right, history, ("eeg_to_fmri/top1", "eeg_to_fmri/top5", "fmri_to_eeg/top1", "fmri_to_eeg/top5"))
    right.set(xlabel="pass", ylabel="share of validation queries, EEG alone", ylim=(0, 1))
    return figure


def _curves(axes: Axes, history: Sequence[Mapping[str, float]], names: Sequence[str]) -> None:
    passes = range(1, len(history) + 1)
    for name, colour in zip(names, COLOURS, strict=False):
        if name in history[0]:
            axes.plot(passes, [figures[name] for figures in history], color=colour, label=name.replace("/", ", "))
    axes.legend(frameon=False)


def results(report: Report) -> plt.Figure:
    """Headline beside oracle and shuffled pairs, what the query gives away, and each subset of the losses."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 3.8), layout="constrained", gridspec_kw={"width_ratios": (4, 5)}
    )
    _answers(left, report)
    _losses(right, report["ablation"])
    return figure


def _answers(axes: Axes, report: Report) -> None:
    (conditioned,) = (name for name in report["asked_by_fmri"] if name != "controls")
    shown = {"EEG alone": report["headline"], conditioned: report["asked_by_fmri"][conditioned]}
    shown |= {each["name"].replace("/", ",\n"): each for each in report["asked_by_fmri"]["controls"]}
    for place, (name, answer) in enumerate(shown.items()):
        share = answer["shares"][-1]
        low, high = share["interval"]["low"], share["interval"]["high"]
        colour = COLOURS[0] if name == "EEG alone" else COLOURS[3]
        axes.barh(place, share["value"], color=colour, xerr=[[share["value"] - low], [high - share["value"]]])
        axes.plot([share["shuffled"]] * 2, [place - 0.4, place + 0.4], color="black", linewidth=1.5)
    if report["oracle"]:
        axes.plot(
            [report["oracle"]["top5"]] * 2, [-0.4, 0.4], color=COLOURS[1], linewidth=2.5, label="linear oracle"
        )
        axes.legend(frameon=False, bbox_to_anchor=(1, 1.12), loc="upper right")
    axes.set_yticks(range(len(shown)), [name.replace("_", " ") for name in shown])
    axes.invert_yaxis()
    axes.set(xlabel="top-5 on test pairs; black: shuffled pairs", xlim=(0, 1.02))


def _losses(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    names = [" + ".join(row["losses"]) + (", shuffled" if row["shuffled"] else "") for row in rows]
    for place, row in enumerate(rows):
        values = [seed["eeg_to_fmri/top5"] for seed in row["seeds"]]
        axes.barh(place, sum(values) / len(values), color=COLOURS[2] if not row["shuffled"] else "#777777")
        axes.plot(values, [place] * len(values), "o", color="black", markersize=3)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="top-5 from EEG alone; points: seeds", xlim=(0, 1.02))


if __name__ == "__main__":
    main()
