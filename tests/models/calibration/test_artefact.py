"""A calibration is kept whole beside its bundle, belongs to it alone, and is not used below its floor."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from bci.errors import ConfigError, FormatError, MismatchError
from models.bundle import decoder_spec, load_bundle, save_bundle
from models.calibration.applied import apply
from models.calibration.artefact import Calibration, Check, calibrations, find, load, save
from models.config import DecoderConfig

CHECK = Check(n=100, hits=40, uncalibrated=30, candidates=4, chance=0.25, floor=0.25)


@pytest.fixture
def made(small):
    """Make a calibration of the small bundle; keyword arguments replace fields."""
    bundle = small.bundle
    given = Calibration(
        bundle=bundle.id,
        preprocess=bundle.preprocess.digest,
        bank=bundle.bank.id,
        person="P07",
        date="2026-11-02T10:00:00+00:00",
        seconds=180.0,
        events=100,
        left_out={"O1": "flat 100% of the time"},
        matrix=2 * np.eye(6),
        method="classical",
        decoder=DecoderConfig(name="lda"),
        weights={name: array + 1 for name, array in bundle.weights.items()},
        temperature=0.5,
        check=CHECK,
        note="made for this test",
    )
    return lambda **changes: replace(given, **changes)


@pytest.fixture
def folder(small, tmp_path):
    save_bundle(tmp_path / "bundle", small.bundle)
    return tmp_path / "bundle"


def test_what_is_saved_comes_back(made, folder):
    calibration = made()
    own = save(folder, calibration)
    assert own == folder / "calibrations" / calibration.id
    loaded = load(own)
    assert loaded.id == calibration.id
    for name in (
        "bundle",
        "person",
        "date",
        "seconds",
        "events",
        "left_out",
        "method",
        "decoder",
        "check",
        "note",
    ):
        assert getattr(loaded, name) == getattr(calibration, name), name
    np.testing.assert_array_equal(loaded.matrix, calibration.matrix)
    assert not loaded.matrix.flags.writeable
    assert loaded.weights.keys() == calibration.weights.keys()


def test_a_bundle_with_calibrations_is_still_whole(made, folder, small):
    save(folder, made())
    assert load_bundle(folder).id == small.bundle.id


@pytest.mark.parametrize(
    "changes",
    [{"person": "P08"}, {"matrix": 3 * np.eye(6)}, {"weights": {}}, {"forced": True}, {"left_out": {}}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_content_has_another_id(made, changes):
    assert made(**changes).id != made().id


def test_saving_twice_is_saving_once(made, folder):
    assert save(folder, made()) == save(folder, made())
    assert len(list(calibrations(folder))) == 1


@pytest.mark.parametrize("person", ["Ada Lovelace", "ada", "P07 ", "x" * 40])
def test_a_name_is_refused(made, folder, person):
    with pytest.raises(ConfigError, match="participant's code"):
        save(folder, made(person=person))


def test_the_latest_is_the_one_made_last(made, folder, small):
    early, late = made(), made(date="2026-11-03T09:00:00+00:00")
    for one in (late, early):
        save(folder, one)
    assert find(folder, "latest", small.bundle).id == late.id
    assert find(folder, early.id, small.bundle).id == early.id
    with pytest.raises(MismatchError, match=f"{early.id}, {late.id}; got 'ffffffff'"):
        find(folder, "ffffffff", small.bundle)


def test_without_any_there_is_none(folder, small):
    with pytest.raises(MismatchError, match="has no calibration: make one with bci calibrate"):
        find(folder, "latest", small.bundle)


@pytest.mark.parametrize("changes", [{"bundle": "0" * 8}, {"preprocess": "0" * 64}])
def test_that_of_another_bundle_is_refused(made, folder, small, changes):
    save(folder, made(**changes))
    with pytest.raises(MismatchError, match="calibrate anew"):
        find(folder, "latest", small.bundle)
    with pytest.raises(MismatchError, match="calibrate anew"):
        apply(small.bundle, made(**changes))


def test_below_the_floor_it_is_refused_unless_forced(made, folder, small):
    poor = CHECK.model_copy(update={"hits": 28})
    save(folder, made(check=poor))
    with pytest.raises(MismatchError, match=r"below its floor: 28.0% \[20.\d%, 37.\d%\] of 100 events"):
        find(folder, "latest", small.bundle)
    save(folder, made(check=poor, forced=True, date="2026-12-01"))
    assert find(folder, "latest", small.bundle).forced


def test_files_that_do_not_belong_together_are_refused(made, folder):
    one, other = save(folder, made()), save(folder, made(matrix=3 * np.eye(6)))
    shutil.copy(other / "calibration.safetensors", one / "calibration.safetensors")
    with pytest.raises(FormatError, match="copy it again"):
        load(one)


def test_damaged_files_are_refused(made, folder):
    own = save(folder, made())
    body = json.loads((own / "calibration.json").read_text(encoding="utf-8"))
    for change, said in [
        ({"schema": 2}, "schema 2"),
        ({"check": {"n": 0}}, "check"),
        ({"surprise": 1}, "surprise"),
    ]:
        (own / "calibration.json").write_text(json.dumps(body | change), encoding="utf-8")
        with pytest.raises(FormatError, match=said):
            load(own)
    (own / "calibration.safetensors").write_bytes(b"")
    (own / "calibration.json").write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(FormatError, match="calibration.safetensors"):
        load(own)


def test_what_is_applied_names_itself_and_keeps_the_bundle_s_id(made, small):
    calibration = made()
    own = apply(small.bundle, calibration)
    spec = decoder_spec(own, own.bank)
    assert (spec.model, spec.calibration) == (small.bundle.id, calibration.id)
    assert decoder_spec(small.bundle, own.bank).calibration is None
    assert own.personal.left_out == ("O1",)
    assert own.personal.facts["person"] == "P07"
    np.testing.assert_array_equal(own.whitening, calibration.matrix)
    assert own.temperature == 0.5
    assert own.weights is calibration.weights


def test_probabilities_are_raw_again(made, small):
    assert apply(replace(small.bundle, calibration={"temperature": 1.0}), made()).calibration is None
