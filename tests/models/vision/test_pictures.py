"""Folders of pictures and files of names."""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from tiny_clip import picture, write_pictures

from bci.errors import FormatError, MismatchError
from models.vision.pictures import list_pictures, others_of, read_names, read_picture


def test_the_layout_of_things(tmp_path):
    write_pictures(tmp_path, ["aardvark", "zebra", "baton4"], each=2)
    (tmp_path / "00003_baton4").rename(tmp_path / "00000_baton4")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "00001_aardvark" / "._aardvark_01.png").write_bytes(b"left by a Mac")
    (tmp_path / "00001_aardvark" / "notes.txt").write_text("", encoding="utf-8")
    (tmp_path / "readme.md").write_text("", encoding="utf-8")
    found = list_pictures(tmp_path)
    assert found.names == ("baton4", "aardvark", "zebra")  # in the order of the folders
    assert [path.name for path in found.of(1)] == ["aardvark_01.png", "aardvark_02.png"]
    assert found.owner.tolist() == [0, 0, 1, 1, 2, 2]


def test_pictures_of_a_flat_folder_are_concepts_of_their_own(tmp_path):
    for name in ("b.PNG", "a.jpg", "0001_c.webp"):
        picture(0).save(tmp_path / name)
    assert list_pictures(tmp_path).names == ("0001_c", "a", "b")


def test_pictures_of_the_folder_one_is_in(tmp_path, monkeypatch):
    write_pictures(tmp_path, ["cat"], each=1)
    monkeypatch.chdir(tmp_path)
    assert list_pictures(Path()).paths == (tmp_path / "00001_cat" / "cat_01.png",)


def test_a_name_that_stands_for_two_files_is_refused(tmp_path):
    picture(0).save(tmp_path / "cat.png")
    picture(1).save(tmp_path / "cat.jpg")
    with pytest.raises(FormatError, match="got cat more than once"):
        list_pictures(tmp_path)


def test_folders_need_no_numbers(tmp_path):
    write_pictures(tmp_path, ["cat"], each=1)
    (tmp_path / "00001_cat").rename(tmp_path / "cat_2023")
    assert list_pictures(tmp_path).names == ("cat_2023",)


@pytest.mark.parametrize("fault", ["empty", "both", "twice", "file"])
def test_folders_that_are_ambiguous_are_refused(tmp_path, fault):
    folder = tmp_path / "pictures"
    folder.mkdir()
    if fault != "empty":
        write_pictures(folder, ["cat", "cat" if fault == "twice" else "dog"], each=1)
    if fault == "both":
        picture(0).save(folder / "stray.png")
    said = {
        "empty": "got none",
        "both": "got both: stray.png",
        "twice": "got 'cat' twice",
        "file": "cannot read",
    }
    with pytest.raises(FormatError, match=said[fault]):
        list_pictures(folder / "00001_cat" / "cat_01.png" if fault == "file" else folder)


def test_other_pictures_are_those_that_were_not_shown(tmp_path):
    database = write_pictures(tmp_path / "things", ["cat", "dog", "fox"], each=4)
    shown = tmp_path / "shown"
    for number, (concept, name) in enumerate([("fox", "fox_02.png"), ("cat", "cat_01.png")]):
        place = shown / f"{number + 1:05}_{concept}"
        place.mkdir(parents=True)
        source = next(database.glob(f"*_{concept}"))
        shutil.copy(source / name, place / name)
    shutil.copy(shown / "00002_cat" / "cat_01.png", database / "00001_cat" / "renamed.png")  # same content
    Image.open(database / "00003_fox" / "fox_02.png").save(database / "00003_fox" / "fox_02.png", compress_level=0)
    left = others_of(list_pictures(database), list_pictures(shown))
    assert left.names == ("fox", "cat")
    assert [path.name for path in left.of(0)] == ["fox_01.png", "fox_03.png", "fox_04.png"]
    assert [path.name for path in left.of(1)] == ["cat_02.png", "cat_03.png", "cat_04.png"]


def test_a_concept_without_other_pictures_is_told(tmp_path):
    database = list_pictures(write_pictures(tmp_path / "things", ["cat", "dog"], each=1))
    shown = list_pictures(write_pictures(tmp_path / "shown", ["dog", "eel"], each=1))
    with pytest.raises(MismatchError, match="got none of dog, eel"):
        others_of(database, shown)


@pytest.mark.parametrize(
    ("data", "said"), [(b"no picture", "no picture"), (None, "truncated"), (b"", "no picture")]
)
def test_a_picture_that_cannot_be_decoded_is_named(tmp_path, data, said):
    path = tmp_path / "cat" / "cat.jpg"
    path.parent.mkdir()
    picture(0).save(path)
    path.write_bytes(path.read_bytes()[:-300] if data is None else data)
    with pytest.raises(FormatError, match=f"cat/cat.jpg: .*{said}"):
        read_picture(path)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_every_picture_is_read_as_rgb(tmp_path, mode):
    suffix = ".jpg" if mode == "CMYK" else ".png"
    picture(0).convert(mode).save(tmp_path / f"one{suffix}")
    assert read_picture(tmp_path / f"one{suffix}").mode == "RGB"


def test_names_come_one_a_line_or_as_json(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffcat\n\n  aircraft_carrier \r\n", encoding="utf-8")
    (tmp_path / "b.json").write_text('["cat", "aircraft_carrier"]', encoding="utf-8")
    assert read_names(tmp_path / "a.txt") == read_names(tmp_path / "b.json") == ("cat", "aircraft_carrier")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "\n\n", "at least one"),
        ("a.txt", "cat\ndog\ncat", "got cat more than once"),
        ("a.json", '{"cat": 1}', "expected a list of names"),
        ("a.json", "[1]", "expected a list of names"),
        ("a.json", "[", "cannot read names"),
        ("b.txt", None, "cannot read names"),
    ],
)
def test_names_that_are_none_are_refused(tmp_path, name, text, said):
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=said):
        read_names(tmp_path / name)
