"""Models from a tag or a file, through open_clip's own code."""

import json
import os

import huggingface_hub
import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from tiny_clip import VIT, picture, write_clip

from bci.errors import BciError, ConfigError, FormatError
from models.vision.clip import ModelChoice, load_clip, load_tokenizer


def test_pictures_are_prepared_as_open_clip_prepares_them(tiny, choose):
    clip = load_clip(choose(tiny))
    _, transform = tiny.load()
    shown = picture(1)
    pixels = torch.from_numpy(clip.pixels(shown)[None]).float()
    torch.testing.assert_close(clip.normalised(pixels)[0], transform(shown), rtol=0, atol=1e-6)


def test_the_hash_is_that_of_the_weights_whatever_file_they_are_in(tmp_path):
    hashes = [
        load_clip(ModelChoice(weights=tiny.weights, config=tiny.config)).weights_hash()
        for tiny in (
            write_clip(tmp_path / "a", "same-a", suffix=".pt"),
            write_clip(tmp_path / "b", "same-b"),
            write_clip(tmp_path / "c", "same-c", seed=1),
        )
    ]
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_architecture_of_ones_own_is_named_with_its_hash(vit, choose, tmp_path):
    other = write_clip(tmp_path, "tiny-vit-gelu", quick_gelu=True)
    names = [load_clip(choose(tiny)).name for tiny in (vit, other)]
    assert names[0].startswith("tiny-vit#")
    assert names[0].split("#")[1] != names[1].split("#")[1]


@pytest.mark.parametrize(("precision", "tolerance"), [("fp16", 5e-3), ("bf16", 5e-2)])
def test_half_precision_comes_out_close_to_full(vit, choose, precision, tolerance):
    halves, full = load_clip(choose(vit, precision=precision)), load_clip(choose(vit))
    pixels = torch.from_numpy(full.pixels(picture(2))[None]).float()
    expected = full.network.encode_image(full.normalised(pixels))
    got = halves.network.encode_image(halves.normalised(pixels))
    assert got.dtype != torch.float32
    assert torch.cosine_similarity(got.float(), expected).item() > 1 - tolerance


@pytest.fixture
def tagged(vit, monkeypatch):
    """Give the tiny model a pretrained tag whose weights lie on this computer."""
    tag = {"file": str(vit.weights), "quick_gelu": True, "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, vit.name, {"mine": tag})
    return vit


def test_a_tag_decides_on_activation_and_colours(tagged):
    clip = load_clip(ModelChoice(config=tagged.config, pretrained="mine"))
    assert any(isinstance(module, open_clip.transformer.QuickGELU) for module in clip.network.modules())
    assert "mean 0.5 0.5 0.5; sd 0.25 0.25 0.25" in clip.preprocess
    grey = torch.full((1, 3, 32, 32), 255 * 0.75)
    assert clip.normalised(grey).unique().tolist() == [1.0]


def test_a_local_file_stands_for_a_tags_download(tagged, choose):
    downloaded = load_clip(ModelChoice(config=tagged.config, pretrained="mine"))
    local = load_clip(choose(tagged, pretrained="mine"))
    assert (local.preprocess, local.weights_hash()) == (downloaded.preprocess, downloaded.weights_hash())
    pixels = local.normalised(torch.from_numpy(local.pixels(picture(3))[None]).float())
    torch.testing.assert_close(local.network.encode_image(pixels), downloaded.network.encode_image(pixels))


def test_weights_that_cannot_be_downloaded_are_told_in_one_line(monkeypatch, caplog):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        BciError, match=r"cannot get the weights of ViT-B-32 \(laion2b_s34b_b79k\).*--weights FILE"
    ) as e:
        load_clip(ModelChoice("ViT-B-32", "laion2b_s34b_b79k"))
    assert "\n" not in str(e.value)
    assert e.value.exit_code == 1
    assert not caplog.records


def test_an_unknown_model_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"no model 'ViT-B32'; the nearest ones are .*ViT-B-32"):
        load_clip(ModelChoice("ViT-B32", "openai"))


def test_an_unknown_tag_is_told_with_the_nearest():
    with pytest.raises(ConfigError, match=r"RN50 has no pretrained tag 'openia'; the nearest ones are openai"):
        load_clip(ModelChoice("RN50", "openia"))


def test_a_model_is_never_left_with_random_weights():
    with pytest.raises(ConfigError, match=r"expected the weights of RN50: .*openai"):
        load_clip(ModelChoice("RN50"))


def test_weights_of_another_model_are_refused_in_one_line(vit, resnet):
    with pytest.raises(FormatError, match=r"does not hold the weights of tiny-vit: .*Missing key") as error:
        load_clip(ModelChoice(config=vit.config, weights=resnet.weights))
    assert "\n" not in str(error.value)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("never-made",)


@pytest.mark.parametrize("damage", ["pickled", "truncated", "empty", "missing", "no weights"])
def test_weights_that_cannot_be_read_are_refused(vit, tmp_path, damage, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / ("weights.safetensors" if damage == "truncated" else "weights.pt")
    if damage == "pickled":
        torch.save({"state_dict": Evil()}, weights)
    elif damage == "truncated":
        weights.write_bytes(vit.weights.read_bytes()[:-100])
    elif damage == "empty":
        weights.write_bytes(b"")
    elif damage == "no weights":
        weights = tmp_path / "weights.txt"
        weights.write_text("hello", encoding="utf-8")
    with pytest.raises(FormatError, match="weights"):
        load_clip(ModelChoice(config=vit.config, weights=weights))
    assert not (tmp_path / "never-made").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"embed_dim": 3}'])
def test_a_config_that_is_none_is_refused(vit, tmp_path, text):
    config = tmp_path / "mine.json"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"mine\.json"):
        load_clip(ModelChoice(config=config, weights=vit.weights))


def test_a_config_that_makes_no_model_is_refused(vit, tmp_path):
    config = tmp_path / "odd.json"
    config.write_text(
        json.dumps({"embed_dim": 12, "vision_cfg": VIT | {"breadth": 3}, "text_cfg": {}}), encoding="utf-8"
    )
    with pytest.raises(FormatError, match="breadth"):
        load_clip(ModelChoice(config=config, weights=vit.weights))


def test_pictures_of_any_shape_become_the_networks_size(vit, choose):
    clip = load_clip(choose(vit))
    shapes = {clip.pixels(Image.new("RGB", size)).shape for size in [(7, 90), (32, 32), (500, 300)]}
    assert shapes == {(3, 32, 32)}


def test_a_folder_of_open_clips_own_format(vit, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    colours = {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    body = {"model_cfg": json.loads(vit.config.read_text(encoding="utf-8")), "preprocess_cfg": colours}
    (folder / "open_clip_config.json").write_text(json.dumps(body), encoding="utf-8")
    (folder / "model.safetensors").write_bytes(vit.weights.read_bytes())
    clip = load_clip(ModelChoice(f"local-dir:{folder}"))
    assert clip.name == "local-dir:mine"
    assert "mean 0.5 0.5 0.5" in clip.preprocess
    with pytest.raises(ConfigError, match="brings its weights along"):
        load_clip(ModelChoice(f"local-dir:{folder}", weights=vit.weights))
    (folder / "model.safetensors").unlink()
    with pytest.raises(BciError, match="cannot get the weights"):
        load_clip(ModelChoice(f"local-dir:{folder}"))


def test_names_become_open_clips_tokens(vit, choose):
    tokens = load_tokenizer(choose(vit))(["a photo of a cat"])
    expected = open_clip.tokenize(["a photo of a cat"], context_length=16)
    assert np.array_equal(tokens, expected)
