"""`bci pair`: events of digits beside pictures of their own label, for contrastive training."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

if TYPE_CHECKING:
    from models.vision.clip import ModelChoice

__all__ = ["Pair", "main"]

DESCRIPTION = """Pair events of MindBigData's EP1.01.txt with pictures of their digit, for contrastive training.

examples:
  bci pair EP1.01.txt --out pairs
  bci pair EP1.01.txt --out small --development                    4,000 events to train, 1,000 to test
  bci pair EP1.01.txt --out pairs --vision-model ViT-B-32 --pretrained openai
  bci pair EP1.01.txt --out pairs --vision-model ViT-B-32 --weights vit_b32.safetensors
  bci pair EP1.01.txt --out pairs --pictures mnist --per-digit 500       after bci fetch mnist

The text is converted first: bci convert EP1.01.txt. Parts are contiguous in time and share neither events nor
pictures. Without a vision model, features of pictures and names are left out. That a picture has its event's
label is so by construction and no decoding accuracy; what the EEG tells is said by bci evaluate digit-pairs.
Exit codes: 0 written, 1 a model cannot be downloaded, 2 no such file, no room, or options that make no sense."""


@dataclass(frozen=True)
class Pair:
    """Options of `bci pair`."""

    file: tyro.conf.Positional[Path]
    """EP1.01.txt, converted."""
    out: Path
    """New folder."""
    pictures: Annotated[str, tyro.conf.arg(metavar="sklearn|FOLDER")] = "sklearn"
    """Those that come with scikit-learn, 8 x 8, or a folder with MNIST's files."""
    per_digit: int = 100
    """Pictures of each digit that are dealt, in both parts together."""
    test_share: float = 0.2
    """Share of the events to test: the last ones."""
    development: bool = False
    """Take 5,000 events only, all of them before those to test."""
    vision_model: str = ""
    """Architecture that embeds pictures and names, as open_clip names it."""
    vision_config: Path | None = None
    """JSON of an architecture, instead of its name."""
    pretrained: str | None = None
    """Tag of pretrained weights, downloaded unless --weights are given."""
    weights: Path | None = None
    """Local weights, .safetensors or .pt."""
    seed: int = 0
    """Of the choice and order of pictures."""
    json: bool = False
    """Print JSON."""


def main(argv: list[str]) -> int:
    """Run `bci pair`."""
    options = tyro.cli(Pair, args=argv, prog="bci pair", description=DESCRIPTION)
    from bci.cli.progress import progress_bar
    from bci.errors import FormatError
    from models.pairing.pair import Request, pair
    from replay.readers import READERS

    if not READERS["mindbigdata"].owns(options.file):
        raise FormatError(f"expected MindBigData's EP1.01.txt, got {options.file}: name it, or rename it so")
    request = Request(
        source=options.file,
        out=options.out,
        pictures=options.pictures,
        per_digit=options.per_digit,
        test_share=options.test_share,
        development=options.development,
        vision=_vision(options),
        seed=options.seed,
    )
    with progress_bar("pairing", share=True) as report:
        told = pair(request, report)
    _say_json(options.out, told) if options.json else _say(options.out, told)
    return 0


def _vision(options: Pair) -> "ModelChoice | None":
    from bci.errors import ConfigError

    if options.vision_model and options.vision_config:
        raise ConfigError("expected --vision-model NAME or --vision-config FILE, got both: leave one out")
    if not (options.vision_model or options.vision_config):
        if options.weights or options.pretrained:
            raise ConfigError("expected --vision-model NAME or --vision-config FILE with its weights, got neither")
        return None
    from models.vision.clip import ModelChoice

    return ModelChoice(options.vision_model, options.pretrained, options.weights, options.vision_config)


def _next(out: Path) -> str:
    return shlex.join(["bci", "evaluate", "digit-pairs", "--data", str(out), "--out", f"{out}-report"])


def _say_json(out: Path, told: dict[str, Any]) -> None:
    body = {key: value for key, value in told.items() if key != "events"}
    print(json.dumps({"schema": 1, "folder": str(out), **body, "next": _next(out)}, indent=2, ensure_ascii=False))


def _say(out: Path, told: dict[str, Any]) -> None:
    from models.pairing.metadata import BY_CONSTRUCTION

    print(f"{out}: {told['split']}")
    left_out = ", ".join(f"{n} {reason}" for reason, n in told["left_out"].items() if n)
    print(f"left out of the text: {left_out or 'nothing'}")
    for part, counts in told["classes"].items():
        pictures = told["pictures"]["distinct"][part]
        each = "  ".join(f"{digit}: {n}" for digit, n in counts.items())
        print(f"{part:<6}{sum(counts.values())} events, {pictures} pictures; events of each digit  {each}")
    for quality in told["feature_quality"]:
        print(quality["said"])
    print(f"pairing accuracy {told['pairing_accuracy']:.0%}, by construction: {BY_CONSTRUCTION}; that is")
    print(f"  {_next(out)}")
