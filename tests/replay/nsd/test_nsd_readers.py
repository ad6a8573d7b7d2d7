"""The forms of the Natural Scenes Dataset, read from small files in exactly these forms."""

import h5py
import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bci.errors import FormatError, MismatchError, OutputError
from replay.nsd.averages import mean_responses
from replay.nsd.betas import read_mask, read_session
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import TRIALS, Presentations, read_presentations
from replay.nsd.stimuli import export_pictures, picture_id, picture_name, read_picture
from replay.nsd.writer import write_mask, write_presentations, write_session, write_stimuli

RNG = np.random.default_rng(0)
SHAPE = (4, 5, 6)
MASK = RNG.random(SHAPE) < 0.3


def quiet(done, total):
    pass


@pytest.fixture
def folder(tmp_path):
    """Two sessions of one person, 500 pictures shown three times."""
    nsd = NsdFolder(tmp_path, 2)
    write_mask(nsd, MASK)
    trials = RNG.permutation(2 * TRIALS).reshape(-1, 3)
    write_presentations(nsd, 600, [(3 + picture, row) for picture, row in enumerate(trials.tolist())])
    for session in (1, 2):
        write_session(nsd, session, responses(session), MASK)
    return nsd


def responses(session):
    return np.random.default_rng(session).normal(session, 1 + session, (TRIALS, MASK.sum())).astype(np.float32)


def test_voxels_are_those_of_the_volume_whatever_the_axes_of_the_file(folder):
    with h5py.File(folder.betas(1)) as file:
        volume = file["betas"][7].T  # X, Y, Z, as the manual has it
        assert file["betas"].shape == (TRIALS, *reversed(SHAPE))
    mask = read_mask(folder.mask)
    read = read_session(folder.betas(1), mask)
    np.testing.assert_array_equal(read[7], (volume[mask] / np.float32(300)).astype(np.float32))
    np.testing.assert_allclose(read, responses(1), atol=0.5 / 300 + 1e-5)


def test_trials_of_some_sessions(folder):
    assert folder.sessions() == (1, 2)
    both = read_presentations(folder.table, 2, (1, 2))
    assert both.pictures.tolist() == list(range(3, 503))
    assert np.sort(both.trials.ravel()).tolist() == list(range(2 * TRIALS))
    first = read_presentations(folder.table, 2, (1,))
    assert first.trials.max() < TRIALS
    assert (first.trials >= 0).sum() == TRIALS
    assert np.isin(first.pictures, both.pictures).all()


def test_repetitions_are_averaged_within_standardised_sessions(folder):
    shown = read_presentations(folder.table, 2, (1, 2))
    fitted = np.arange(len(shown)) < 400
    told = []
    means = mean_responses(folder, shown, (1, 2), fitted, lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
    voxels = np.concatenate([read_session(folder.betas(session), MASK) for session in (1, 2)])
    picture_of = np.empty(2 * TRIALS, int)
    picture_of[shown.trials] = np.arange(len(shown))[:, None]
    for session in (slice(0, TRIALS), slice(TRIALS, None)):
        standard = voxels[session][fitted[picture_of[session]]]
        voxels[session] = (voxels[session] - standard.mean(axis=0)) / standard.std(axis=0)
    np.testing.assert_allclose(means, voxels[shown.trials].mean(axis=1), atol=1e-4)


def test_what_is_standard_is_said_by_training_pictures_alone(folder):
    """Other responses to the other pictures change nothing of the training pictures."""
    shown = read_presentations(folder.table, 2, (1, 2))
    fitted = np.arange(len(shown)) < 400
    before = mean_responses(folder, shown, (1, 2), fitted, quiet)
    for session in (1, 2):
        changed = read_session(folder.betas(session), MASK)
        for repetition in range(3):
            pictures, trials = shown.during(session, repetition)
            changed[trials[~fitted[pictures]]] += 20
        write_session(folder, session, changed, MASK)
    after = mean_responses(folder, shown, (1, 2), fitted, quiet)
    np.testing.assert_allclose(after[fitted], before[fitted], atol=1e-6)
    assert np.abs(after[~fitted] - before[~fitted]).min() > 1


def test_a_voxel_that_was_not_measured_in_a_session_is_zero_there(folder):
    dead = read_session(folder.betas(1), MASK)
    dead[:, 0] = 0
    write_session(folder, 1, dead, MASK)
    shown = read_presentations(folder.table, 2, (1,))
    means = mean_responses(folder, shown, (1,), np.ones(len(shown), bool), quiet)
    assert np.isfinite(means).all()
    assert (means[:, 0] == 0).all()


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_every_trial_of_a_session_is_found_once(data):
    trials = np.array(data.draw(st.permutations(range(-3, 3 * 4 - 3)))).reshape(-1, 3) * 250
    shown = Presentations(np.arange(len(trials)), np.where(trials < 0, -1, trials))
    found = [shown.during(session, nth) for session in (1, 2, 3) for nth in range(3)]
    places = [
        (session - 1) * TRIALS + trial
        for (session, nth), (_, own) in zip([(s, n) for s in (1, 2, 3) for n in range(3)], found, strict=True)
        for trial in own.tolist()
    ]
    assert sorted(places) == sorted(trial for trial in trials.ravel().tolist() if trial >= 0)


def test_pictures_are_exported_once(tmp_path):
    pictures = RNG.integers(0, 255, (5, 8, 8, 3), np.uint8)
    path = tmp_path / "stimuli.hdf5"
    write_stimuli(path, pictures, 5, 8)
    np.testing.assert_array_equal(read_picture(path, 4), pictures[4])
    files = export_pictures(path, [1, 4], tmp_path / "out", quiet)
    assert [file.name for file in files] == ["nsd-00001.png", "nsd-00004.png"]
    written = files[0].stat().st_mtime_ns
    export_pictures(path, [1, 4], tmp_path / "out", quiet)
    assert files[0].stat().st_mtime_ns == written
    assert [picture_id(file.stem) for file in files] == [1, 4]
    assert picture_id("aardvark") is None
    assert picture_id(picture_name(72_999)) == 72_999
    with pytest.raises(FormatError, match="expected picture 5, it has 5"):
        read_picture(path, 5)
    with pytest.raises(OutputError, match="cannot write pictures"):
        export_pictures(path, [1], path / "below", quiet)


def test_what_does_not_fit_is_told_in_a_line(folder, tmp_path):
    shown = read_presentations(folder.table, 2, (1, 2))
    with pytest.raises(MismatchError, match="at least two trials of training pictures in session 1"):
        mean_responses(folder, shown, (1,), np.zeros(len(shown), bool), quiet)
    with pytest.raises(FormatError, match="expected 'betas' of int16"):
        read_session(folder.betas(1), MASK.T)
    with pytest.raises(FormatError, match="person 3 saw"):
        read_presentations(folder.table, 3, (1, 2))
    with pytest.raises(FormatError, match="found none: fetch them by"):
        NsdFolder(tmp_path, 3).sessions()


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("table", b"a,b\n1,2\n", "expected the column nsdId"),
        ("table", b"nsdId,subject2_rep0,subject2_rep1,subject2_rep2\n1,1,x,0\n", "expected whole numbers"),
        ("table", b"nsdId,subject2_rep0,subject2_rep1,subject2_rep2\n1,1,0,0\n2,1,0,0\n", "every trial once"),
        ("table", b"\xff\xfe", "cannot read the table"),
        ("mask", b"nothing", "cannot read the mask"),
        ("stimuli", b"nothing", "cannot read the pictures"),
    ],
)
def test_damaged_files_are_told_in_a_line(folder, name, body, said):
    path = getattr(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    read = {
        "table": lambda: read_presentations(path, 2, (1,)),
        "mask": lambda: read_mask(path),
        "stimuli": lambda: read_picture(path, 0),
    }
    with pytest.raises(FormatError, match=said):
        read[name]()


def test_damaged_responses_and_empty_masks(folder):
    folder.betas(1).write_bytes(b"nothing")
    with pytest.raises(FormatError, match="cannot read the responses"):
        read_session(folder.betas(1), MASK)
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4)), folder.mask)
    with pytest.raises(FormatError, match="with voxels above 0"):
        read_mask(folder.mask)
