"""Data sets from their servers to the folders that the readers expect."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from mirror_server import Drop

from bci.errors import BciError, ConfigError, FormatError, OutputError
from replay.fetch import datasets
from replay.fetch.datasets import DATASETS, check_terms, choose, find_dataset
from replay.fetch.plan import RECORD, check_room, fetch, make_plan
from replay.nsd.folder import STIMULI, TABLE, NsdFolder

MUSE = ("alexandrebarachant/muse-lsl", "53c07a324ee43902beb373db8062fad532d520bb")


def zipped(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, body in members.items():
            file.writestr(name, body)
    return buffer.getvalue()


def eeg2(mirror, *, loose=False):
    """THINGS-EEG2 as its three projects hold it, with contents that name themselves."""
    kept = {
        f"sub-{s:02d}": {
            f"sub-{s:02d}/preprocessed_eeg_{partition}.npy": f"{s} {partition}"
            for partition in ("training", "test")
        }
        for s in (1, 2, 10)
    }
    archives = {f"{subject}.zip": zipped(members) for subject, members in kept.items()}
    files = {name: body.encode() for members in kept.values() for name, body in members.items()}
    mirror.osf("anp5v", files if loose else archives)
    raw = {f"sub-01/ses-0{i}/raw_eeg_{p}.npy": f"raw {i} {p}" for i in (1, 2) for p in ("training", "test")}
    mirror.osf("crxs4", {"sub-01.zip": zipped(raw)}, storage="googledrive", addon=True)
    pictures = {
        "training_images.zip": zipped(
            {
                "training_images/00001_aardvark/aardvark_01b.jpg": "jpg",
                "__MACOSX/training_images/00001_aardvark/._aardvark_01b.jpg": "rubbish",
                "training_images/.DS_Store": "rubbish",
            }
        ),
        "test_images.zip": zipped({"test_images/00001_aircraft_carrier/aircraft_carrier_06s.jpg": "jpg"}),
        "image_metadata.npy": b"table",
    }
    mirror.osf("y63gw", pictures)


def run(web, out, name, subjects=(), partition=None, form=None, pictures=False):
    items = find_dataset(name).items(web, choose(name, subjects, partition, form, pictures))
    plan = make_plan(out / name, items)
    fetch(plan, web, lambda item, size: None)
    return plan


def files_in(folder: Path):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("loose", [False, True])
def test_things_eeg2_preprocessed(mirror, web, tmp_path, loose):
    eeg2(mirror, loose=loose)
    run(web, tmp_path, "things-eeg2", ["1", "sub-10"])
    assert files_in(tmp_path / "things-eeg2") == [
        RECORD,
        "images/image_metadata.npy",
        "sub-01/preprocessed_eeg_test.npy",
        "sub-01/preprocessed_eeg_training.npy",
        "sub-10/preprocessed_eeg_test.npy",
        "sub-10/preprocessed_eeg_training.npy",
    ]
    assert (tmp_path / "things-eeg2/sub-10/preprocessed_eeg_test.npy").read_text() == "10 test"


def test_things_eeg2_raw_with_pictures_of_one_partition(mirror, web, tmp_path):
    eeg2(mirror)
    run(web, tmp_path, "things-eeg2", ["01"], partition="test", form="raw", pictures=True)
    assert files_in(tmp_path / "things-eeg2") == [
        RECORD,
        "images/image_metadata.npy",
        "images/test_images/00001_aircraft_carrier/aircraft_carrier_06s.jpg",
        "raw_data/sub-01/ses-01/raw_eeg_test.npy",
        "raw_data/sub-01/ses-02/raw_eeg_test.npy",
    ]
    run(web, tmp_path, "things-eeg2", ["01"], form="raw", pictures=True)
    found = files_in(tmp_path / "things-eeg2")
    assert "images/training_images/00001_aardvark/aardvark_01b.jpg" in found
    assert "raw_data/sub-01/ses-02/raw_eeg_training.npy" in found
    assert len(found) == 8


def test_things_eeg1_as_bids(mirror, web, tmp_path):
    top = {"dataset_description.json": b"{}", "participants.tsv": b"id"}
    stem = "sub-07/eeg/sub-07_task-rsvp"
    eeg = {f"{stem}_eeg.vhdr": b"header", f"{stem}_eeg.eeg": b"volts", f"{stem}_events.tsv": b"onset"}
    mirror.openneuro("ds003825", top)
    mirror.openneuro("ds003825", eeg, folder="sub-07/", multipart=[f"{stem}_eeg.eeg"])
    run(web, tmp_path, "things-eeg1", ["7"])
    assert files_in(tmp_path / "things-eeg1") == sorted([*top, *eeg, RECORD])


def test_muse_recordings_are_named_as_the_experiments_name_them(mirror, web, tmp_path):
    files = {
        "data/visual/N170/subject1/session1/data_2017-09-13-15.30.01.csv": b"faces",
        "data/visual/P300/subject1/session2/data_2017-02-09-17.13.56.csv": b"cats",
        "data/visual/P300/subject2/session1/data_2017-02-09-18.12.53.csv": b"other cats",
        "data/visual/P300/data_2017-02-04-15:55:07.csv": b"a name that Windows refuses, and no session",
        "README.md": b"readme",
    }
    mirror.github(*MUSE, files)
    run(web, tmp_path, "muse-n170")
    run(web, tmp_path, "muse-p300")
    assert files_in(tmp_path / "muse-n170") == [RECORD, "rec_2017-09-13-15.30.01.csv"]
    assert files_in(tmp_path / "muse-p300") == [
        RECORD,
        "session1/sub-2_rec_2017-02-09-18.12.53.csv",
        "session2/rec_2017-02-09-17.13.56.csv",
    ]


def test_mnist_is_listed_by_size_and_checksum_and_nothing_else_is_taken(mirror, web, tmp_path, monkeypatch):
    bodies = {name: name.encode() for name in datasets._MNIST_FILES}
    known = {name: (len(body), hashlib.sha256(body).hexdigest()) for name, body in bodies.items()}
    monkeypatch.setattr(datasets, "_MNIST_FILES", known)
    for name, body in bodies.items():
        mirror.put(f"storage.googleapis.com/cvdf-datasets/mnist/{name}", body)
    run(web, tmp_path, "mnist")
    assert files_in(tmp_path / "mnist") == sorted([RECORD, *bodies])
    name = "t10k-labels-idx1-ubyte.gz"
    mirror.put(f"storage.googleapis.com/cvdf-datasets/mnist/{name}", bodies[name][::-1])
    (tmp_path / "mnist" / name).unlink()
    with pytest.raises(BciError, match="expected sha256:"):
        run(web, tmp_path, "mnist")


BUCKET = "natural-scenes-dataset.s3.amazonaws.com"
BETAS = "nsddata_betas/ppdata/subj01/func1pt8mm/betas_fithrf_GLMdenoise_RR"
MASK = "nsddata/ppdata/subj01/func1pt8mm/roi/nsdgeneral.nii.gz"


def nsd(mirror):
    """A person of NSD, with what is not wanted beside it."""
    responses = {
        f"{BETAS}/betas_session{i:02d}.{form}": b"%d" % i for i in (1, 2, 3) for form in ("hdf5", "nii.gz")
    }
    offered = {
        TABLE: {TABLE: b"table"},
        STIMULI: {STIMULI: b"pictures"},
        MASK: {MASK: b"mask"},
        f"{BETAS}/": {f"{BETAS}/ncsnr.nii.gz": b"noise", **responses},
    }
    for prefix, files in offered.items():
        mirror.s3(BUCKET, f"prefix={quote(prefix, safe='')}", files)


def test_nsd_comes_to_lie_as_in_its_bucket(mirror, web, tmp_path):
    nsd(mirror)
    run(web, tmp_path, "nsd", ["1"], pictures=True)
    folder = NsdFolder(tmp_path / "nsd", 1)
    assert folder.sessions() == (1, 2, 3)
    assert folder.betas(2).read_bytes() == b"2"
    assert files_in(tmp_path / "nsd") == sorted(
        [RECORD, TABLE, STIMULI, MASK, *(f"{BETAS}/betas_session0{i}.hdf5" for i in (1, 2, 3))]
    )


def test_some_sessions_of_nsd(mirror, web, tmp_path):
    nsd(mirror)
    items = find_dataset("nsd").items(web, choose("nsd", ["1"], None, None, pictures=False, sessions=[2]))
    assert [str(item.path) for item in items] == [TABLE, MASK, f"{BETAS}/betas_session02.hdf5"]
    wanted = choose("nsd", ["1"], None, None, pictures=False, sessions=[4])
    with pytest.raises(BciError, match=r"expected .*betas_session04.hdf5, but the server lists 7 files"):
        find_dataset("nsd").items(web, wanted)


def test_terms_must_be_accepted():
    with pytest.raises(ConfigError, match="Data Access Agreement.*--accept-terms"):
        check_terms("nsd", accepted=False)
    check_terms("nsd", accepted=True)
    check_terms("mnist", accepted=False)


def test_checkpoints_of_mindeye2(mirror, web, tmp_path):
    folder = "train_logs/final_subj02_pretrained_40sess_24bs"
    files = {f"{folder}/last.pth": b"a checkpoint", f"{folder}/x.json": b"{}"}
    mirror.huggingface("datasets", "pscotti/mindeyev2", files, folder)
    run(web, tmp_path, "mindeye2", ["2"])
    assert files_in(tmp_path / "mindeye2") == [RECORD, "subj02/last.pth"]
    with pytest.raises(ConfigError, match="expected subjects of mindeye2"):
        choose("mindeye2", ["3"], None, None, pictures=False)


def test_weights_of_cbramod(mirror, web, tmp_path):
    files = {"config.json": b"{}", "model.safetensors": b"many weights", "pytorch_model.bin": b"a pickle"}
    mirror.huggingface("models", "braindecode/cbramod-pretrained", files)
    run(web, tmp_path, "cbramod")
    assert files_in(tmp_path / "cbramod") == ["config.json", RECORD, "model.safetensors"]
    changed = mirror.resources["huggingface.co/braindecode/cbramod-pretrained/resolve/main/model.safetensors"]
    changed.body = b"more weights"
    (tmp_path / "cbramod/model.safetensors").unlink()
    with pytest.raises(BciError, match="expected sha256:"):
        run(web, tmp_path, "cbramod")


def test_what_is_there_is_not_fetched_again(mirror, web, tmp_path):
    eeg2(mirror)
    run(web, tmp_path, "things-eeg2", ["01"], pictures=True)
    mirror.requests.clear()
    plan = run(web, tmp_path, "things-eeg2", ["01"], pictures=True)
    assert (len(plan.there), plan.missing) == (4, ())
    assert all(path.startswith("api.osf.io") for path, _ in mirror.requests)


def test_a_file_that_was_put_there_by_hand_is_verified_and_kept(mirror, web, tmp_path):
    eeg2(mirror, loose=True)
    folder = tmp_path / "things-eeg2/sub-01"
    folder.mkdir(parents=True)
    (folder / "preprocessed_eeg_test.npy").write_text("1 test")
    (folder / "preprocessed_eeg_training.npy").write_text("1 trainin?")  # right size, other content
    plan = run(web, tmp_path, "things-eeg2", ["01"])
    assert [str(item.path) for item in plan.there] == ["sub-01/preprocessed_eeg_test.npy"]
    assert (folder / "preprocessed_eeg_training.npy").read_text() == "1 training"


def test_a_changed_or_lost_file_is_fetched_again(mirror, web, tmp_path):
    eeg2(mirror)
    run(web, tmp_path, "things-eeg2", ["01"])
    (tmp_path / "things-eeg2/sub-01/preprocessed_eeg_test.npy").write_text("cut")
    assert len(run(web, tmp_path, "things-eeg2", ["01"]).missing) == 1
    assert (tmp_path / "things-eeg2/sub-01/preprocessed_eeg_test.npy").read_text() == "1 test"
    mirror.osf("y63gw", {"image_metadata.npy": b"TABLE"})
    run(web, tmp_path, "things-eeg2", ["01"])
    assert (tmp_path / "things-eeg2/images/image_metadata.npy").read_bytes() == b"TABLE"


def test_a_break_between_files_goes_on_where_it_was(mirror, web, tmp_path):
    eeg2(mirror)
    second = "files.osf.io/v1/resources/anp5v/providers/osfstorage/sub-02.zip"
    mirror.resources[second].faults.extend([Drop(100), *[Drop(0)] * 5])
    with pytest.raises(BciError, match="the same command goes on"):
        run(web, tmp_path, "things-eeg2", ["01", "02"])
    assert (tmp_path / "things-eeg2/downloads/preprocessed/sub-02.zip.part").stat().st_size == 100
    plan = run(web, tmp_path, "things-eeg2", ["01", "02"])
    assert [str(item.path) for item in plan.there] == ["downloads/preprocessed/sub-01.zip"]
    assert mirror.asked(second)[-1]["Range"] == "bytes=100-"
    assert not any((tmp_path / "things-eeg2").rglob("*.zip*"))


def test_an_archive_that_was_not_unpacked_last_time_is_not_fetched_again(mirror, web, tmp_path):
    eeg2(mirror)
    address = "files.osf.io/v1/resources/anp5v/providers/osfstorage/sub-01.zip"
    archive = tmp_path / "things-eeg2/downloads/preprocessed/sub-01.zip"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(mirror.resources[address].body)
    run(web, tmp_path, "things-eeg2", ["01"])
    assert mirror.asked(address) == []
    assert (tmp_path / "things-eeg2/sub-01/preprocessed_eeg_test.npy").exists()
    assert not archive.exists()


def test_a_server_without_the_subject(mirror, web, tmp_path):
    eeg2(mirror)
    with pytest.raises(BciError, match=r"expected sub-03 in preprocessed form, but the server lists 3 files"):
        run(web, tmp_path, "things-eeg2", ["03"])


def test_hostile_names_write_nothing(mirror, web, tmp_path):
    mirror.openneuro("ds003825", {"a": b"1", "../../evil": b"2"})
    mirror.openneuro("ds003825", {"sub-01/x": b"3"}, folder="sub-01/")
    with pytest.raises(FormatError, match="plain relative path"):
        run(web, tmp_path, "things-eeg1", ["01"])
    assert not any(tmp_path.iterdir())


def test_room_is_looked_for_before_anything_is_fetched(mirror, web, tmp_path):
    eeg2(mirror)
    items = find_dataset("things-eeg2").items(web, choose("things-eeg2", ["01"], None, None, pictures=False))
    plan = make_plan(tmp_path / "no" / "such" / "folder", items)
    sizes = {str(item.path): item.entry.size for item in plan.missing}
    archive, table = sizes["downloads/preprocessed/sub-01.zip"], sizes["images/image_metadata.npy"]
    need = 2 * archive + table + 2**28
    check_room(plan, free=need)
    check_room(plan)
    with pytest.raises(OutputError, match=r"needs 0\.3 GB, 0\.3 GB are free: make room") as error:
        check_room(plan, free=need - 1)
    assert error.value.exit_code == 2
    part = plan.folder / "downloads/preprocessed/sub-01.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x")
    check_room(plan, free=need - 1)  # what is there already needs no room


def test_a_file_where_the_folder_should_be(mirror, web, tmp_path):
    eeg2(mirror)
    (tmp_path / "things-eeg2").write_text("in the way")
    items = find_dataset("things-eeg2").items(web, choose("things-eeg2", ["01"], None, None, pictures=False))
    with pytest.raises(OutputError, match="cannot make the folder"):
        check_room(make_plan(tmp_path / "things-eeg2", items))


def test_a_damaged_note_is_one_line(mirror, web, tmp_path):
    eeg2(mirror)
    run(web, tmp_path, "things-eeg2", ["01"])
    note = tmp_path / "things-eeg2" / RECORD
    body = json.loads(note.read_text())
    assert body["schema"] == 1
    body["fetched"]["x"] = {"size": "?"}
    note.write_text(json.dumps(body))
    with pytest.raises(ConfigError, match=RECORD):
        run(web, tmp_path, "things-eeg2", ["01"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("things-eeg", (), None, None, False), "did you mean 'things-eeg"),
        (("zzz", (), None, None, False), "expected one of the data sets"),
        (("things-eeg2", ("11",), None, None, False), "expected subjects of things-eeg2, 01 to 10; got '11'"),
        (("things-eeg2", ("sub-1O",), None, None, False), "did you mean '10'"),
        (("muse-n170", ("2",), None, None, False), "expected subjects of muse-n170, 1; got '2'"),
        (("muse-n170", (), "test", None, False), "muse-n170 has one partition"),
        (("things-eeg1", (), None, "raw", False), "things-eeg1 has one form"),
        (("mnist", ("1",), None, None, False), "mnist has no subjects"),
        (("things-eeg2", (), "tset", None, False), "expected --partition training or test"),
        (("things-eeg1", (), None, None, True), "without pictures"),
        (("nsd", (), None, None, False, [41]), "expected sessions 1 to 40; got 41"),
        (("nsd", (), None, "betas", False), "expected --form betas_fithrf_GLMdenoise_RR or betas_fithrf or"),
        (("mnist", (), None, None, False, [1]), "mnist is fetched whole; got 1: leave it out"),
    ],
)
def test_mistakes_name_what_was_meant(arguments, said):
    with pytest.raises(ConfigError, match=said) as error:
        choose(*arguments)
    assert error.value.exit_code == 2


@pytest.mark.parametrize("text", ["1", "01", "sub-01", "sub-1"])
def test_a_subject_by_any_of_its_names(text):
    assert choose("things-eeg2", [text, "01"], None, None, pictures=False).subjects == ("01",)


def test_nothing_said_is_everything():
    choice = choose("things-eeg2", [], None, None, pictures=False)
    assert (choice.subjects[0], choice.subjects[-1], len(choice.subjects)) == ("01", "10", 10)
    assert (choice.partitions, choice.form) == (("training", "test"), "preprocessed")


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_says_whose_it_is(name):
    dataset = DATASETS[name]
    assert all((dataset.title, dataset.licence, dataset.citation))
    assert dataset.home.startswith("https://")
