import numpy as np
import pytest
from recorded_files import write_averages

from bci.errors import FormatError
from replay.readers import open_dataset

LABELS = ("O1", "Oz", "O2")
CATEGORIES = ("animal", "body", "food")
TIMES = -0.1 + np.arange(26) / 250
DATA = np.random.default_rng(1).normal(size=(4, 3, 3, 26)).astype(np.float32)


def test_every_average_stands_with_its_subject_and_category(tmp_path):
    trials = open_dataset(
        "things-eeg1-erps", [write_averages(tmp_path / "e.npz", DATA, LABELS, CATEGORIES, TIMES)]
    )
    assert trials.sfreq == 250
    assert trials.tmin == -0.1
    assert trials.labels == LABELS
    assert trials.concept_names == CATEGORIES
    assert trials.images.tolist() == [-1] * 12
    for trial, (subject, concept) in enumerate(zip(trials.groups["subject"], trials.concepts, strict=True)):
        np.testing.assert_array_equal(trials.data[trial], DATA[int(subject) - 1, concept])
    assert set(trials.groups) == {"subject", "session", "recording", "repetition"}
    assert len(set(trials.groups["recording"])) == 4


def test_what_they_are_is_said(tmp_path):
    trials = open_dataset(
        "things-eeg1-erps", [write_averages(tmp_path / "e.npz", DATA, LABELS, CATEGORIES, TIMES)]
    )
    said = " ".join(trials.provenance["caveats"])
    assert "not single trials" in said
    assert "previous picture" in said
    assert "noise level betrays" in said


def write(path, **arrays):
    whole = {"data": DATA, "ch_names": np.array(LABELS), "times": TIMES, "categories": np.array(CATEGORIES)}
    np.savez(path, **{name: array for name, array in (whole | arrays).items() if array is not None})
    return path


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"times": None}, "without times"),
        ({"categories": np.array(["animal"])}, "1 categories"),
        ({"ch_names": np.array(LABELS, object)}, "pickled"),
        ({"data": DATA[0]}, r"got \(3, 3, 26\)"),
        ({"data": np.full_like(DATA, np.nan)}, "NaN"),
        ({"times": np.float64(0)}, "other shapes in times"),
        ({"times": TIMES[::-1]}, "even steps"),
        ({"times": TIMES + 0.1 * (TIMES > -0.05)}, "even steps"),
        ({"times": TIMES[:1], "data": DATA[..., :1]}, "even steps"),
        ({"ch_names": np.array(["O1", "O1", "O2"])}, "every name in ch_names once"),
        ({"categories": np.array(["animal", "animal", "food"])}, "every name in categories once"),
    ],
)
def test_other_arrays_are_refused(tmp_path, arrays, said):
    with pytest.raises(FormatError, match=said):
        open_dataset("things-eeg1-erps", [write(tmp_path / "e.npz", **arrays)])


def test_a_damaged_file_is_refused(tmp_path):
    path = write(tmp_path / "e.npz")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(FormatError, match="damaged"):
        open_dataset("things-eeg1-erps", [path])
