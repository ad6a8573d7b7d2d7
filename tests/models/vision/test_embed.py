"""Banks of real open_clip models, against what open_clip computes by itself."""

from dataclasses import replace

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from tiny_clip import RESNET, picture, write_clip, write_pictures

from bci.bank import load_bank
from bci.errors import ConfigError, FormatError, MismatchError, OutputError
from models.targets import load_target_bank
from models.vision.embed import Request, embed
from models.vision.store import Store

CONCEPTS = ["aardvark", "zebra", "baton4"]


@pytest.fixture
def training(tmp_path):
    return write_pictures(tmp_path / "training_images", CONCEPTS, each=3)


@pytest.fixture
def shown(tmp_path):
    return write_pictures(tmp_path / "test_images", ["cat", "dog"], each=1, seed=1)


@pytest.fixture
def request_of(tmp_path, choose, vit):
    def make(source, name="bank", tiny=vit, precision="fp32", **other):
        choice = choose(tiny, precision=precision)
        return Request(source=source, out=tmp_path / f"{name}.safetensors", choice=choice, **other)

    return make


def by_open_clip(tiny, folder):
    """Embed every picture of a folder by itself, (M, D)."""
    network, transform = tiny.load()
    with torch.inference_mode():
        rows = [
            network.encode_image(transform(Image.open(path))[None])[0] for path in sorted(folder.rglob("*.png"))
        ]
    return torch.stack(rows).numpy()


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_final_features_are_open_clips(training, request_of, tiny):
    bank = embed(request_of(training, tiny=tiny))
    expected = by_open_clip(tiny, training)
    np.testing.assert_allclose(bank.images, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(bank.prototypes, unit(expected).reshape(3, 3, -1).mean(axis=1), atol=1e-5)
    assert bank.names == tuple(CONCEPTS)
    assert bank.images.dtype == np.float32
    assert bank.map.shape == (len(CONCEPTS), 2)
    assert (bank.key.kind, bank.key.layer, bank.key.views) == ("template", "final", 1)


def test_exact_pictures_and_what_is_written_beside_the_bank(shown, request_of, tmp_path):
    bank = embed(request_of(shown))
    assert bank.key.kind == "image"
    assert np.array_equal(bank.prototypes, bank.images)
    assert load_bank(tmp_path / "bank.safetensors").id == bank.id
    small = tmp_path / "bank.thumbnails"
    assert sorted(path.name for path in small.iterdir()) == ["0.webp", "1.webp"]
    with Image.open(small / "1.webp") as thumbnail:
        assert thumbnail.size == (48, 40)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_leaves_as_float32(shown, request_of, precision):
    half, full = embed(request_of(shown, "half", precision=precision)), embed(request_of(shown, "full"))
    assert half.prototypes.dtype == np.float32
    assert half.key.precision == precision
    assert (unit(half.prototypes) * unit(full.prototypes)).sum(axis=1).min() > 0.99


def test_views_are_averaged_or_kept_apart(tmp_path, shown, request_of):
    wide = write_clip(tmp_path / "wide", "wide", RESNET)
    apart = embed(request_of(shown, "apart", tiny=wide, transform="blur_bank"))
    plain = embed(request_of(shown, "plain", tiny=wide))
    assert apart.prototypes.shape == (2, 12 * 12)
    assert apart.key.views == 12
    np.testing.assert_allclose(apart.prototypes[:, :12], plain.prototypes, rtol=1e-4, atol=1e-5)  # kernel 1
    blurred = apart.prototypes.reshape(2, 12, 12)
    change = np.linalg.norm(np.diff(blurred, axis=1), axis=-1)
    assert (change > 1e-5).all()
    mean = embed(request_of(shown, "mean", tiny=wide, transform="eeg_project"))
    assert mean.prototypes.shape == (2, 12)
    assert mean.key.transform.endswith("; seed 0")


def test_noise_belongs_to_the_picture_not_to_its_place(shown, request_of):
    first = embed(request_of(shown, "first", transform="eeg_project", batch=64))
    picture(9).save(shown / "00001_cat" / "another.png")
    second = embed(request_of(shown, "second", transform="eeg_project", batch=4))
    np.testing.assert_allclose(second.images[[1, 2]], first.images, atol=1e-5)
    other = embed(request_of(shown, "third", transform="eeg_project", seed=1))
    assert np.abs(other.images[[1, 2]] - first.images).max() > 1e-4
    assert other.key.differences(second.key).startswith("transform")


def test_two_processes_compute_what_one_does(training, request_of, monkeypatch):
    monkeypatch.setattr("models.vision.run.SHARD", 4)
    alone = embed(request_of(training, "alone", transform="eeg_project", devices=("cpu",)))
    two = embed(request_of(training, "two", transform="eeg_project", devices=("cpu",), jobs=2))
    assert two.key == alone.key
    np.testing.assert_allclose(two.images, alone.images, atol=1e-5)


def test_names_are_means_of_unit_vectors_of_prompts(tmp_path, request_of, vit):
    names = tmp_path / "names.txt"
    names.write_text("aircraft_carrier\ncat\n", encoding="utf-8")
    templates = ("a photo of a {}", "the {}, a {}")
    bank = embed(request_of(names, templates=templates))
    network, _ = vit.load()
    prompts = [
        "a photo of a aircraft carrier",
        "the aircraft carrier, a aircraft carrier",
        "a photo of a cat",
        "the cat, a cat",
    ]
    with torch.inference_mode():
        vectors = network.encode_text(open_clip.tokenize(prompts, 16)).numpy()
    np.testing.assert_allclose(bank.prototypes, unit(vectors).reshape(2, 2, -1).mean(axis=1), atol=1e-6)
    assert (bank.key.kind, bank.key.templates, bank.images) == ("text", templates, None)
    assert bank.names == ("aircraft_carrier", "cat")


def test_names_of_folders_make_a_text_gallery_in_the_space_of_pictures(training, request_of):
    names, pictures = embed(request_of(training, "names", kind="text")), embed(request_of(training, "pictures"))
    assert names.names == pictures.names
    assert names.key.templates == ("a photo of a {}",)
    assert pictures.key.differences(names.key) == ""


def test_templates_are_made_of_other_pictures(tmp_path, training, request_of):
    shown = write_pictures(tmp_path / "shown", ["zebra", "aardvark"], each=1, seed=1)
    (training / "00001_aardvark" / "aardvark_02.png").replace(shown / "00002_aardvark" / "aardvark_01.png")
    bank = embed(request_of(training, others_of=shown))
    assert bank.names == ("zebra", "aardvark")
    # aardvark_02 is gone, and aardvark_01 and zebra_01 have the names of pictures that were shown
    assert bank.owner.tolist() == [0, 0, 1]


def test_test_pictures_are_projected_by_the_training_components(training, shown, request_of, tmp_path):
    train = embed(request_of(training, "train", pca=4))
    test = embed(request_of(shown, "test", pca_from=tmp_path / "train.safetensors"))
    assert test.key.pca == train.key.pca
    assert (train.prototypes.shape, test.prototypes.shape) == ((3, 4), (2, 4))
    raw = unit(embed(request_of(training, "raw")).images)
    new = unit(embed(request_of(shown, "new")).images)
    directions = np.linalg.svd(raw - raw.mean(axis=0))[2][:4]
    np.testing.assert_allclose(np.abs(test.images), np.abs((new - raw.mean(axis=0)) @ directions.T), atol=1e-4)
    path = str(tmp_path / "test.safetensors")
    assert load_target_bank(path, train).id == test.id
    with pytest.raises(MismatchError, match=r"does not fit the training bank: pca: expected '4 "):
        load_target_bank(str(tmp_path / "new.safetensors"), train)


@pytest.fixture
def put(monkeypatch):
    """Record how many vectors are newly made, shard by shard."""
    counts, real = [], Store.put

    def recorded(store, contents, vectors):
        counts.append(len(contents))
        real(store, contents, vectors)

    monkeypatch.setattr(Store, "put", recorded)
    return counts


def test_a_second_run_embeds_only_what_is_new(training, request_of, tmp_path, put):
    cache = tmp_path / "cache"
    first = embed(request_of(training, "first", cache=cache))
    picture(77).save(training / "00002_zebra" / "zebra_02.png")  # changed
    picture(78).save(training / "00003_baton4" / "baton4_09.png")  # new
    second = embed(request_of(training, "second", cache=cache))
    assert put == [9, 2]
    unchanged = [0, 1, 2, 3, 5, 6, 7, 8]
    assert np.array_equal(second.images[unchanged], first.images[unchanged])
    assert np.abs(second.images[4] - first.images[4]).max() > 1e-3
    embed(request_of(training, "third", cache=cache, layer=1))
    assert put == [9, 2, 10]


def test_pictures_that_cannot_be_read_are_all_named_and_no_bank_is_written(training, request_of, tmp_path):
    (training / "00001_aardvark" / "notes.jpg").write_text("no picture", encoding="utf-8")
    broken = training / "00002_zebra" / "zebra_01.png"
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(
        FormatError, match=r"2 of 10 pictures .*00001_aardvark/notes\.jpg.*00002_zebra/zebra_01\.png"
    ):
        embed(request_of(training))
    assert not (tmp_path / "bank.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "image"}, "got 3 of 'aardvark'"),
        ({"kind": "text", "layer": 2}, "final layer alone"),
        ({"kind": "text", "transform": "blur_bank"}, "no views"),
        ({"templates": ("a {}",)}, "prompts are for names"),
        ({"kind": "text", "templates": ("a photo",)}, "expected {} where the name stands in the prompt"),
        ({"kind": "image", "pca": 4}, "fitted on training pictures"),
        ({"kind": "text", "pca": 4}, "fitted on training pictures"),
        ({"layer": 7}, "one of 1 to 3, got 7"),
        ({"layer": "final", "pooling": "cls"}, "do not go together"),
        ({"transform": "blurs"}, "the nearest one is 'blur_bank'"),
        ({"transform": "blur_bank", "pca": 4}, "12 views kept apart"),
    ],
)  # fmt: skip
def test_requests_that_contradict_themselves_are_refused(training, request_of, tmp_path, options, said):
    with pytest.raises(ConfigError, match=said):
        embed(request_of(training, **options))
    assert not (tmp_path / "bank.safetensors").exists()


def test_names_make_no_bank_of_pictures(tmp_path, request_of):
    (tmp_path / "names.txt").write_text("cat", encoding="utf-8")
    with pytest.raises(ConfigError, match="made of a folder of pictures"):
        embed(request_of(tmp_path / "names.txt", kind="template"))


def test_other_pictures_make_templates_alone(training, request_of, tmp_path):
    shown = write_pictures(tmp_path / "shown", CONCEPTS, each=1, seed=5)
    with pytest.raises(ConfigError, match="got --others-of with kind 'text'"):
        embed(request_of(training, others_of=shown, kind="text"))


def test_a_bank_is_never_overwritten(training, request_of, tmp_path):
    (tmp_path / "bank.safetensors").write_bytes(b"mine")
    with pytest.raises(OutputError, match="is there already"):
        embed(request_of(training))
    with pytest.raises(OutputError, match=r"expected --out NAME\.safetensors"):
        embed(replace(request_of(training), out=tmp_path / "bank"))
    with pytest.raises(OutputError, match="cannot make the folder"):
        embed(replace(request_of(training), out=tmp_path / "bank.safetensors" / "new.safetensors"))


def test_a_source_that_is_not_there_is_told(request_of, tmp_path):
    with pytest.raises(FormatError, match="there is no"):
        embed(request_of(tmp_path / "nothing"))
