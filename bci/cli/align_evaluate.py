"""`bci align evaluate`: judge a run on its test pairs."""

import argparse
from typing import TYPE_CHECKING

from bci.cli.align_parser import run_parser
from bci.cli.arguments import positive

if TYPE_CHECKING:
    from models.alignment.ablation import AblationRow
    from models.alignment.evaluate import Answer, Evaluation

__all__ = ["main"]

EPILOG = """\
The headline is retrieval EEG -> fMRI from EEG alone, beside shuffled pairs; with SYNTHETIC pairs beside a linear
oracle. Asked by the fMRI of the pair, controls with shuffled EEG and without any say whether the query gives its
answer away; if so, that figure is called fmri_conditioned. --ablate trains every subset of the losses anew, and
all of them on shuffled pairs: eight trainings for each seed. FOLDER gets report.json and report.html.

examples:
  bci align evaluate runs/eeg-fmri_20260101-120000 --data pairs --out report
  bci align evaluate runs/eeg-fmri-known_20260101-120000 --ablate 3 --out report
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    from bci.storage import new_folder, refuse_non_empty
    from models.alignment.evaluate import Settings, evaluate
    from models.alignment.report import save_report
    from models.alignment.run import MODEL
    from models.alignment.source import open_source
    from models.alignment.trained import load_trained

    refuse_non_empty(options.out)
    trained = load_trained(options.run / MODEL)
    opened = open_source(trained.config, options.data, judged=True)
    settings = Settings(permutations=options.permutations, seed=options.seed)
    evaluation = evaluate(trained, opened.pairs, settings, opened.oracle)
    rows: tuple[AblationRow, ...] = ()
    if options.ablate:
        from bci.cli.train import show_progress
        from models.alignment.ablation import ablate

        with show_progress("ablation") as progress:
            rows = ablate(opened.pairs, trained.config, range(options.ablate), progress)
    new_folder(options.out)
    _say(evaluation, rows)
    print(*save_report(options.out, trained, evaluation, rows), sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = run_parser("evaluate", "Judge an alignment of EEG with fMRI on its test pairs.", EPILOG)
    parser.add_argument("--permutations", type=positive, default=1000, metavar="N", help="default: %(default)s")
    parser.add_argument("--ablate", type=positive, metavar="SEEDS", help="train every subset of the losses")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of permutations and intervals")
    return parser


def _say(evaluation: "Evaluation", rows: "tuple[AblationRow, ...]") -> None:
    for answer in (evaluation.headline, evaluation.back):
        _say_answer(answer.name, answer)
    if evaluation.oracle is not None:
        print(f"linear oracle on the true signal: top-1 {evaluation.oracle['top1']:.3f}, ", end="")
        print(f"top-5 {evaluation.oracle['top5']:.3f} (SYNTHETIC pairs)")
    _say_answer(evaluation.conditioned_name, evaluation.by_fmri[0])
    for control in evaluation.by_fmri[1:]:
        _say_answer(control.name, control)
    for row in rows:
        name = " + ".join(row.losses) + (", pairs shuffled" if row.shuffled else "")
        top1, top5 = (row.mean(f"eeg_to_fmri/{figure}") for figure in ("top1", "top5"))
        print(f"{name:<44} top-1 {top1:.3f}, top-5 {top5:.3f}, squared error {row.mean('mse'):.3f}")


def _say_answer(name: str, answer: "Answer") -> None:
    shares = ", ".join(
        f"top-{share.k} {share.value:.3f} [{share.interval.low:.3f}, {share.interval.high:.3f}] "
        f"(shuffled pairs {share.shuffled:.3f}, p {share.p:.3g})"
        for share in answer.shares
    )
    print(f"{name}: {shares}; median rank {answer.median_rank:g} of {answer.n_candidates}")
