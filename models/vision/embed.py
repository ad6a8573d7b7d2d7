"""From pictures or names to a bank: list, embed what is new, project, gather, write."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from bci.bank import Bank, BankKey, save_bank
from bci.errors import ConfigError, FormatError, OutputError
from models.bank_map import with_map
from models.pool import OnDone
from models.vision.clip import Clip, ModelChoice, load_clip
from models.vision.embedder import Embedded, Item, NameEmbedder, PictureEmbedder, Worker
from models.vision.gallery import Kind, make_bank
from models.vision.layers import Layer, Pooling, layer_vectors
from models.vision.pca import Pca, fit_pca, load_pca, save_pca
from models.vision.pictures import Pictures, content_hash, list_pictures, others_of, read_names
from models.vision.run import choose_devices, embed_missing, queue_of
from models.vision.store import Store
from models.vision.thumbnails import save_thumbnails
from models.vision.views import find_transform

__all__ = ["DEFAULT_TEMPLATE", "Request", "embed"]

DEFAULT_TEMPLATE = "a photo of a {}"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be embedded, and how.

    Parameters
    ----------
    source
        Folder of pictures, or file of names.
    out
        `NAME.safetensors` of the bank.
    choice
        Which model.
    layer, pooling
        What of it; without a pooling, `none` for the final layer and `mean` for others.
    transform, seed
        Views of the pictures, and the seed of their chance.
    kind
        Of bank. None: names make `text`, pictures `image` if there is one for each concept, else `template`.
    others_of
        Folder of pictures that were shown: templates are made of the other pictures of their concepts.
    templates
        Prompts of names; `{}` stands for the name.
    normalisation
        As in `BankKey`.
    pca, pca_from
        Components to fit on these pictures, or the training bank whose components are taken.
    batch, jobs, devices
        Pictures at a time; processes on the processor; devices instead of every GPU there is.
    cache
        Folder of vectors that are there already; by default `NAME.cache` beside the bank.
    """

    source: Path
    out: Path
    choice: ModelChoice
    layer: Layer = "final"
    pooling: Pooling | None = None
    transform: str = "none"
    seed: int = 0
    kind: Kind | None = None
    others_of: Path | None = None
    templates: Sequence[str] = ()
    normalisation: str = "unit"
    pca: int | None = None
    pca_from: Path | None = None
    batch: int = 64
    jobs: int = 1
    devices: Sequence[str] = ()
    cache: Path | None = None


def embed(request: Request, progress: OnDone | None = None) -> Bank:
    """Embed pictures or names and write the bank, its PCA and thumbnails.

    Raises
    ------
    ConfigError
        If the request contradicts itself or the model.
    OutputError
        If the bank is there already or cannot be written.
    FormatError
        If pictures, names or weights cannot be read.
    """
    _check_out(request.out)
    pictures = _list(request)
    kind = request.kind or _kind_of(pictures)
    _check(request, kind, pictures)
    if kind == "text" or pictures is None:
        names = read_names(request.source) if pictures is None else pictures.names
        bank, pca = _bank_of_names(request, names, progress)
    else:
        bank, pca = _bank_of_pictures(request, pictures, kind, progress)
        save_thumbnails(request.out, [pictures.of(concept)[0] for concept in range(len(pictures.names))])
    if pca is not None:
        save_pca(request.out, pca)
    bank = with_map(bank)
    save_bank(request.out, bank)
    return bank


def _bank_of_pictures(
    request: Request, pictures: Pictures, kind: Kind, progress: OnDone | None
) -> tuple[Bank, Pca | None]:
    transform, pooling = find_transform(request.transform), _pooling(request)
    clip = load_clip(request.choice)
    _try(clip, request.layer, pooling)
    key = _key(clip, "image").model_copy(
        update={
            "layer": str(request.layer),
            "pooling": pooling,
            "transform": transform.describe(request.seed),
            "views": transform.n_views,
        }
    )
    del clip  # each process loads its own
    pca = load_pca(request.pca_from, key) if request.pca_from else None
    items = [(content_hash(path), str(path)) for path in pictures.paths]

    def embedder(worker: Worker) -> PictureEmbedder:
        return PictureEmbedder(worker, request.layer, pooling, transform.name, request.seed, request.batch)

    vectors = _vectors(request, items, embedder, key, progress)
    if request.pca is not None:
        pca = fit_pca(vectors.reshape(len(vectors), -1), request.pca, key)
    update = {"kind": kind, "normalisation": request.normalisation}
    return make_bank(pictures.names, vectors, pictures.owner, key.model_copy(update=update), pca), pca


def _bank_of_names(request: Request, names: tuple[str, ...], progress: OnDone | None) -> tuple[Bank, Pca | None]:
    templates = tuple(request.templates) or (DEFAULT_TEMPLATE,)
    key = _key(load_clip(request.choice), "text").model_copy(update={"templates": templates})
    pca = load_pca(request.pca_from, key) if request.pca_from else None
    items = [(hashlib.sha256(name.encode()).hexdigest(), name) for name in names]
    vectors = _vectors(
        request, items, lambda worker: NameEmbedder(worker, templates, request.batch), key, progress
    )
    key = key.model_copy(update={"normalisation": request.normalisation})
    return make_bank(names, vectors, np.arange(len(names)), key, pca), pca


def _vectors(
    request: Request,
    items: Sequence[Item],
    embedder: Callable[[Worker], Callable[[Sequence[Item]], Embedded]],
    key: BankKey,
    progress: OnDone | None,
) -> NDArray[np.float32]:
    devices = choose_devices(request.devices, request.jobs)
    worker = Worker(request.choice, len(devices), queue_of(devices))
    store = Store(request.cache or request.out.with_suffix(".cache"), key)
    return embed_missing(items, embedder(worker), store, len(devices), progress)


def _key(clip: Clip, kind: Kind) -> BankKey:
    return BankKey(
        vision_model=clip.name,
        weights=clip.weights_hash(),
        kind=kind,
        preprocess=clip.preprocess,
        precision=clip.precision,
    )


def _pooling(request: Request) -> Pooling:
    if request.pooling is not None:
        return request.pooling
    return "none" if request.layer == "final" else "mean"


def _try(clip: Clip, layer: Layer, pooling: Pooling) -> None:
    """Refuse a layer or a pooling that the tower lacks before pictures are read."""
    blank = torch.from_numpy(clip.pixels(Image.new("RGB", (32, 32)))[None]).float()
    layer_vectors(clip.network, clip.normalised(blank), layer, pooling)


def _list(request: Request) -> Pictures | None:
    if not request.source.exists():
        raise FormatError(f"expected a folder of pictures or a file of names, but there is no {request.source}")
    if not request.source.is_dir():
        return None
    pictures = list_pictures(request.source)
    return others_of(pictures, list_pictures(request.others_of)) if request.others_of else pictures


def _kind_of(pictures: Pictures | None) -> Kind:
    if pictures is None:
        return "text"
    return "image" if len(pictures.paths) == len(pictures.names) else "template"


def _check(request: Request, kind: Kind, pictures: Pictures | None) -> None:
    """Refuse options that do not go together, before anything slow."""
    if kind != "text" and pictures is None:
        raise ConfigError(
            f"a bank of kind {kind!r} is made of a folder of pictures, got the file {request.source}"
        )
    if kind == "text" and (request.layer != "final" or request.transform != "none"):
        raise ConfigError("names have the model's final layer alone and no views: leave out --layer and --views")
    if kind != "text" and request.templates:
        raise ConfigError(f"prompts are for names: leave out --template, or make --kind text, got kind {kind!r}")
    if bare := [template for template in request.templates if "{}" not in template]:
        raise ConfigError(f"expected {{}} where the name stands in the prompt, got {bare[0]!r}")
    if request.others_of and kind != "template":
        raise ConfigError(f"other pictures make a bank of kind 'template', got --others-of with kind {kind!r}")
    if request.pca is not None and (kind != "template" or request.others_of or request.pca_from):
        raise ConfigError(
            "a PCA is fitted on training pictures, several of each concept; other banks take theirs by --pca-from"
        )


def _check_out(out: Path) -> None:
    if out.suffix != ".safetensors":
        raise OutputError(f"expected --out NAME.safetensors, got {out}")
    if out.exists():
        raise OutputError(f"{out} is there already: name another one or remove it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {out.parent}: {error.strerror}; name another place") from None
