import logging
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bci.bank import Bank, BankKey, save_bank
from models.bundle_pictures import save_pictures
from models.vision.thumbnails import thumbnail_folder


@pytest.fixture
def pictures(tmp_path):
    for name, colour in (("cat", "red"), ("dog", "blue")):
        Image.new("RGB", (400, 300), colour).save(tmp_path / f"{name}.png")
    return tmp_path


def made(bundle, **targets):
    """The bundle as if its experiment had said so of its concepts' pictures."""
    told = bundle.config.targets.model_copy(update=targets)
    return replace(bundle, config=bundle.config.model_copy(update={"targets": told}))


def opened(path):
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_pictures_that_an_experiment_names_lie_beside_the_bank(trained, pictures, tmp_path):
    names = trained.bank.names
    folder = tmp_path / "bundle"
    save_pictures(folder, made(trained, pictures={names[1]: str(pictures / "dog.png")}))
    found = thumbnail_folder(folder / "bank.safetensors")
    assert [path.name for path in found.iterdir()] == ["1.webp"]
    assert opened(found / "1.webp").getpixel((5, 5))[2] > 200
    assert max(opened(found / "1.webp").size) == 160


def test_those_of_a_bank_are_found_by_name(trained, pictures, tmp_path):
    names = trained.bank.names
    bank = Bank(names[::-1], np.eye(len(names), dtype=np.float32), BankKey(vision_model="x", weights="y"))
    save_bank(tmp_path / "mine.safetensors", bank)
    beside = thumbnail_folder(tmp_path / "mine.safetensors")
    beside.mkdir()
    opened(pictures / "cat.png").save(beside / "0.webp")  # of the last of the bundle's names
    save_pictures(tmp_path / "bundle", made(trained, kind="bank", bank=str(tmp_path / "mine.safetensors")))
    found = thumbnail_folder(tmp_path / "bundle" / "bank.safetensors")
    assert [path.name for path in found.iterdir()] == [f"{len(names) - 1}.webp"]


def test_a_picture_that_is_not_there_is_said_and_left_out(trained, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        save_pictures(
            tmp_path / "bundle", made(trained, pictures={trained.bank.names[0]: str(tmp_path / "none.png")})
        )
    assert "no picture of" in caplog.text
    assert not (tmp_path / "bundle").exists()
