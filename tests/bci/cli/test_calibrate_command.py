"""`bci calibrate` from a recording to an artefact beside the bundle, and what `bci live` makes of it."""

import io
import json
import signal
from dataclasses import replace

import numpy as np
import pytest
from people_world import people_experiment, write_people_world

from bci.array_source import ArraySource
from bci.cli.calibrate import _listen, _quality, main
from bci.cli.opening import calibrations_unused, load_whole
from bci.end_to_end import MISMATCH
from bci.errors import ConfigError, FormatError, MismatchError, OutputError
from bci.gathering import Gathering
from bci.terminal import Screen
from bci.types import Batch, read_only
from models.bundle import load_bundle, save_bundle
from models.data import load_bank_of, load_trials
from models.train import train
from replay.readers import open_recording
from replay.recording_file import save_recording
from replay.world import load_world


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a bundle of two people, one like it of epochs, and a recording of another person."""
    place = tmp_path_factory.mktemp("calibrate")
    world = write_people_world(place)
    config = people_experiment(world)
    epochs = config.model_copy(update={"preprocess": config.preprocess.model_copy(update={"mode": "epoch"})})
    for name, one in (("bundle", config), ("epochs", epochs)):
        save_bundle(place / name, train(load_trials(one), load_bank_of(one), one))
    save_recording(place / "person_raw.fif", load_world(str(world), 9).record("train", 200, seed=3)[0])
    return place


def run(place, *arguments, bundle="bundle"):
    return main([str(place / bundle), "--file", str(place / "person_raw.fif"), *arguments])


def test_a_labelled_calibration_is_found_and_used_live(place, capsys):
    assert run(place, "--labelled", "--person", "P09") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "of the last 50 events, to which nothing was fitted" in said
    assert "next: bci live" in said
    bundle, _ = load_whole(place / "bundle", None, calibration="latest")
    assert bundle.personal.facts["person"] == "P09"
    assert bundle.personal.id in said
    assert bundle.id == load_bundle(place / "bundle").id
    assert calibrations_unused(bundle, place / "bundle") == ""
    plain, _ = load_whole(place / "bundle", None)
    assert "not calibrated to a person; beside the bundle: 1" in calibrations_unused(plain, place / "bundle")


def test_events_are_told_as_a_file_says(place, tmp_path):
    lab = tmp_path / "lab.toml"
    lab.write_text('lock = ["[0-9]+"]\ntime_from = "amp/Markers"\nlabel_from = "screen"\n', encoding="utf-8")
    told, _ = load_whole(place / "bundle", None, events_file=lab)
    plain, _ = load_whole(place / "bundle", None)
    assert (told.events.time_from, told.events.label_from, told.events.lock) == (
        "amp/Markers",
        "screen",
        ("[0-9]+",),
    )
    assert told.events.ignore == plain.events.ignore
    assert told.id == plain.id
    lab.write_text('time_form = "amp/Markers"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="unknown key 'time_form'; the nearest known one is 'time_from'"):
        load_whole(place / "bundle", None, events_file=lab)


def test_the_list_and_the_result_are_json_on_request(place, capsys):
    assert run(place, "--json", "--minutes", "1") == 0
    made = json.loads(capsys.readouterr().out)
    assert made["method"] == "unlabelled"
    assert made["seconds"] == pytest.approx(60, abs=1)
    assert main([str(place / "bundle"), "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["calibrations"]
    assert made["id"] in [one["id"] for one in listed]
    assert main([str(place / "bundle"), "--list"]) == 0
    assert made["id"] in capsys.readouterr().out


def test_below_the_floor_the_exit_code_says_so_and_live_refuses(place, capsys):
    assert run(place, "--labelled", "--floor", "0.99") == 1
    assert "may not be used live" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(MismatchError, match="below its floor"):
        load_whole(place / "bundle", None, calibration="latest")
    assert run(place, "--labelled", "--floor", "0.99", "--force") == 0
    load_whole(place / "bundle", None, calibration="latest")


def test_the_eeg_is_kept_on_request_alone(place, tmp_path):
    assert run(place, "--minutes", "1", "--keep", str(tmp_path / "kept_raw.fif")) == 0
    kept, given = open_recording(tmp_path / "kept_raw.fif"), open_recording(place / "person_raw.fif")
    np.testing.assert_array_equal(kept.data, given.data[: len(kept.data)])
    assert kept.markers == tuple(marker for marker in given.markers if marker[0] < len(kept.data))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        (["--stream", "EPOC"], ConfigError, "--file or --stream, got both"),
        (["--minutes", "0"], ConfigError, "more than 0 and at most 60"),
        (["--method", "classical"], ConfigError, "--method goes with --labelled"),
        (["--events", "lab.toml"], ConfigError, "--events goes with --labelled"),
        (["--labelled", "--events", "lab.toml"], ConfigError, "cannot read the config lab.toml"),
        (["--labelled", "--floor", "1.5"], ConfigError, "from 0 to below 1"),
        (["--person", "Ada Lovelace"], ConfigError, "participant's code"),
        (["--keep", "here.fif"], OutputError, "_raw.fif"),
        (["--minutes", "0.1"], ConfigError, "at least 20 s of signal"),
        (["--labelled", "--minutes", "0.3"], ConfigError, "at least 40 events"),
        (["--labelled", "--method", "fine-tune"], ConfigError, "expected a network"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(place, arguments, error, match):
    with pytest.raises(error, match=match) as refused:
        run(place, *arguments)
    assert "\n" not in str(refused.value)


def test_a_decoder_of_epochs_takes_a_continuous_recording_if_that_is_accepted(place, capsys):
    with pytest.raises(MismatchError, match="--accept-mismatch"):
        run(place, bundle="epochs")
    assert run(place, "--accept-mismatch", bundle="epochs") == 0
    assert MISMATCH in " ".join(capsys.readouterr().err.split())


def test_a_list_needs_a_bundle(tmp_path):
    with pytest.raises(FormatError, match="expected a bundle"):
        main([str(tmp_path), "--list"])


class Interrupted(ArraySource):
    """A source during which somebody presses Ctrl-C."""

    presses_at = 100.0

    pressed = False

    def pull(self, timeout, *_):
        if self.pressed:
            return Batch()  # nothing comes any more
        batch = super().pull(timeout)
        if batch is not None and batch.chunk.times[-1] >= self.presses_at:
            signal.raise_signal(signal.SIGINT)
            self.pressed = True
        return batch


def listened_to(place, seconds):
    source = Interrupted(open_recording(place / "person_raw.fif"), chunk=64)
    gathering = Gathering(source.spec, seconds)
    console = Screen(file=io.StringIO())
    _listen(source, gathering, load_bundle(place / "bundle"), seconds / 60, console)
    return gathering, console.file.getvalue()


def test_ctrl_c_ends_early_and_keeps_what_there_is(place):
    gathering, said = listened_to(place, 3600.0)
    assert gathering.seconds == pytest.approx(100.5, abs=0.5)
    assert "interrupted: 10" in said


def test_recording_ends_when_there_is_enough(place):
    gathering, said = listened_to(place, 30.0)
    assert gathering.seconds == pytest.approx(30, abs=0.5)
    assert "interrupted" not in said


def test_what_is_said_meanwhile_names_bad_channels(place):
    recording = open_recording(place / "person_raw.fif")
    data = recording.data.copy()
    data[:, 1] = 5
    source = ArraySource(replace(recording, data=read_only(data)), chunk=64)
    gathering = Gathering(source.spec, 10.0)
    while not gathering.full:
        gathering.feed(source.pull(0.0))
    said = _quality(gathering, source, load_bundle(place / "bundle"))
    assert said == f"{gathering.n_markers} markers, 1 of 4 channels: Oz flat"
