"""The eyes that compare pictures: each makes features of pictures, and says how figures by it are to be read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from models.progress import OnProgress, silent
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.extractors import EXTRACTORS, find_weights, load_extractor
from models.reconstruction.judge import train_judge
from models.reconstruction.pairs import Pairs, Pixels, as_tensor
from models.reconstruction.semantic import Semantic, load_semantic

__all__ = ["Eye", "Eyes", "open_eyes"]

BATCH = 32


@dataclass(frozen=True)
class Eye:
    """Something that looks at pictures.

    Parameters
    ----------
    name
        In tables.
    features
        Pictures (n, side, side, 3) uint8 -> (n, D).
    measure
        `two_way` identification, or `distance` of features.
    names_concepts
        Whether it also tells which concept a picture is taken for.
    circular
        Reconstructions that had it as their loss, by name: it does not judge these.
    """

    name: str
    features: Callable[[Pixels], NDArray[np.float32]]
    measure: Literal["two_way", "distance"] = "two_way"
    names_concepts: bool = False
    circular: tuple[str, ...] = ()


@dataclass(frozen=True)
class Eyes:
    """What could be had.

    Parameters
    ----------
    found
        In the order of tables; whatever judges best comes first.
    missing
        Name -> why it is not there.
    """

    found: tuple[Eye, ...]
    missing: Mapping[str, str] = field(default_factory=dict)


def open_eyes(
    configs: Mapping[str, ReconstructionConfig], test: Pairs, weights: Path | None, report: OnProgress = silent
) -> Eyes:
    """Train the judge if the data are synthetic, and load what weights there are.

    Parameters
    ----------
    configs
        Of the reconstructions that are compared, by name; judge and CLIP are those of the first one that has them.
    test
        What they are judged on.
    weights
        Folder of weights besides torch's cache.
    report
        Told how far the judge is.
    """
    found: list[Eye] = []
    missing: dict[str, str] = {}
    first = next(iter(configs.values()))
    if test.world is None:
        missing["judge"] = "recorded pictures have no scene that a judge could be trained to read"
    else:
        judge = train_judge(test.world, first.judge, report)
        found.append(Eye("judge", judge.features, names_concepts=True))
    if named := next((config for config in configs.values() if config.semantic.weights), None):
        found.append(_clip(load_semantic(named.semantic), configs))
    else:
        missing["CLIP"] = "semantic.weights names no file"
    for name, published in EXTRACTORS.items():
        if file := find_weights(published, weights):
            found.append(Eye(name, load_extractor(published, file).features, published.measure))
        else:
            missing[name] = f"no weights {' or '.join(published.files)} in torch's cache or the folder given"
    return Eyes(tuple(found), missing)


def _clip(semantic: Semantic, configs: Mapping[str, ReconstructionConfig]) -> Eye:
    def features(pictures: Pixels) -> NDArray[np.float32]:
        with torch.inference_mode():
            blocks = range(0, len(pictures), BATCH)
            return torch.cat([semantic.embed(as_tensor(pictures[at : at + BATCH])) for at in blocks]).numpy()

    circular = tuple(name for name, config in configs.items() if config.weights.semantic)
    return Eye("CLIP", features, names_concepts=True, circular=circular)
