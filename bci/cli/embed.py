"""`bci embed`: cache vision features and prototypes."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from bci.cli.arguments import positive
from bci.cli.progress import progress_bar
from bci.errors import ConfigError

if TYPE_CHECKING:
    from bci.bank import Bank
    from models.vision.layers import Layer

__all__ = ["main"]

DESCRIPTION = "Embed pictures or names by a vision-language model of open_clip, as a bank that decoders rank."
EPILOG = """\
IMAGES_OR_NAMES is a folder of folders of pictures as in THINGS (00001_aardvark/*.jpg), a flat folder of pictures,
or a file of names (one a line, or a JSON list). An interrupted run goes on where it stopped. Beside the bank come
to lie NAME.thumbnails, NAME.pca.safetensors if a PCA was fitted, and NAME.cache, which may be removed.

examples:
  bci embed training_images --model RN50 --pretrained openai --views eeg_project --out train.safetensors
  bci embed test_images --model RN50 --pretrained openai --views eeg_project --out test.safetensors
  bci embed things --others-of test_images --model RN50 --weights rn50.pt --layer 3 --out centres.safetensors
  bci embed names.txt --model RN50 --pretrained openai --template "a {}" --template "the {}" --out text.safetensors
  bci embed training_images --model RN50 --pretrained openai --pca 64 --out train64.safetensors
  bci embed test_images --model RN50 --pretrained openai --pca-from train64.safetensors --out test64.safetensors
"""


def main(argv: list[str]) -> int:
    """Run the command; return its exit code."""
    options = _parser().parse_args(argv)
    if bool(options.model) == bool(options.config):
        raise ConfigError("expected --model NAME, or --config FILE for an architecture of your own")
    from models.vision.clip import ModelChoice
    from models.vision.embed import Request, embed

    chosen = vars(options)
    choice = {name: chosen.pop(name) for name in ("model", "pretrained", "weights", "config", "precision")}
    with progress_bar("embedding", share=True) as progress:
        bank = embed(Request(choice=ModelChoice(**choice), **chosen), progress)
    _say(bank, options.out)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bci embed",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "source", type=Path, metavar="IMAGES_OR_NAMES", help="folder of pictures, or file of names"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="BANK", help="NAME.safetensors, a new file")
    parser.add_argument("--cache", type=Path, metavar="FOLDER", help="vectors made before (default: NAME.cache)")
    _add_model(parser.add_argument_group("model"))
    _add_pictures(parser.add_argument_group("pictures and names"))
    _add_bank(parser.add_argument_group("bank"))
    _add_machine(parser.add_argument_group("machine"))
    return parser


def _add_model(group: "argparse._ArgumentGroup") -> None:
    group.add_argument("--model", default="", metavar="NAME", help="architecture as open_clip names it")
    group.add_argument(
        "--pretrained", metavar="TAG", help="pretrained weights, downloaded unless --weights are given"
    )
    group.add_argument("--weights", type=Path, metavar="FILE", help="local weights, .safetensors or .pt")
    group.add_argument("--config", type=Path, metavar="FILE", help="JSON of an architecture, instead of --model")
    group.add_argument(
        "--precision", choices=("fp32", "fp16", "bf16"), default="fp32", help="default: %(default)s"
    )
    group.add_argument(
        "--layer", type=_layer, default="final", metavar="N",
        help="final, or the number of a block or a ResNet's stage, from 1 (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--pooling", choices=("cls", "mean"),
        help="of a layer that is not final: its class token, or the mean over the picture (default)",
    )  # fmt: skip


def _add_pictures(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--views", dest="transform", default="none", metavar="SET",
        help="none; eeg_project: mean of four degraded views; blur_bank: twelve blurred views kept apart",
    )  # fmt: skip
    group.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of noise in the views (default: %(default)s)"
    )
    group.add_argument(
        "--template", dest="templates", action="append", default=[], metavar="PROMPT",
        help='prompt of a name, for which {} stands; several are averaged (default: "a photo of a {}")',
    )  # fmt: skip


def _add_bank(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--kind", choices=("image", "template", "text"),
        help="of bank: exact pictures, means over a concept's pictures, or names (default: as the input suggests)",
    )  # fmt: skip
    group.add_argument(
        "--others-of", type=Path, metavar="FOLDER",
        help="make templates of the concepts of this folder, from other pictures than those in it",
    )  # fmt: skip
    group.add_argument(
        "--normalisation", choices=("unit", "centred-unit", "none"), default="unit",
        help="of vectors when the bank is used (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--pca", type=positive, metavar="K", help="fit and keep K principal components of these pictures"
    )
    group.add_argument("--pca-from", type=Path, metavar="BANK", help="take those of this training bank")


def _add_machine(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--batch", type=positive, default=64, metavar="N",
        help="pictures that pass through the model together (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--jobs", type=positive, default=1, metavar="N", help="processes on the processor (default: %(default)s)"
    )
    group.add_argument(
        "--devices", nargs="+", default=[], metavar="NAME",
        help="such as cuda:0 cuda:1, or cpu; one process each (default: every GPU, or the processor)",
    )  # fmt: skip


def _layer(text: str) -> "Layer":
    return "final" if text == "final" else positive(text)


def _say(bank: "Bank", out: Path) -> None:
    views, length = bank.key.views, bank.prototypes.shape[1]
    made = f"{views} x {length // views}" if views > 1 else length
    pictures = "" if bank.images is None else f" from {len(bank.images)} pictures"
    print(
        f"{out}: bank {bank.id} of kind {bank.key.kind}, {len(bank.names)} concepts{pictures}, "
        f"vectors of length {made} by {bank.key.vision_model}"
    )
