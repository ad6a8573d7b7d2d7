"""`bci train` from the command line to a bundle, on tiny recordings in the form of the Muse's."""

import json
import shutil

import numpy as np
import pytest
from recorded_files import write_muse

from bci.cli.train import main
from bci.errors import ConfigError, OutputError
from models.bundle import load_bundle

CONFIG = """
name = "tiny"
[data]
reader = "muse"
paths = ["{folder}/recordings"]
[events]
lock = ["1", "2"]
concepts = {{ 1 = "house", 2 = "face" }}
[preprocess]
channels = ["TP9", "TP10"]
highpass = 1.0
lowpass = 40.0
sfreq = 128.0
tmax = 0.25
scale = "whiten"
whitening = "channel"
[targets]
kind = "text"
model = "made up"
vocabularies = [{{ vectors = "{folder}/names.npy", names = "{folder}/names.json" }}]
concepts = {{ house = ["house"], face = ["face"] }}
[decoder]
name = "channel_attention"
options = {{ dim = 8, hidden = 16, width = 8, heads = 2 }}
[train]
epochs = 2
batch = 8
[evaluation]
protocol = "closed-set"
"""


@pytest.fixture
def config(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "recordings").mkdir()
    for name in ("first", "second"):
        codes = np.zeros(256 * 11, int)
        codes[256:-256:128] = 1 + np.arange(18) % 2
        write_muse(tmp_path / "recordings" / f"{name}.csv", rng.normal(0, 10, (len(codes), 5)), codes)
    np.save(tmp_path / "names.npy", rng.normal(size=(2, 6)).astype(np.float16))
    (tmp_path / "names.json").write_text('["house", "face"]', encoding="utf-8")
    path = tmp_path / "tiny.toml"
    path.write_text(CONFIG.format(folder=tmp_path.as_posix()), encoding="utf-8")
    return str(path)


def test_a_bundle_is_written_and_the_next_command_named(config, tmp_path, capsys):
    out = tmp_path / "bundle"
    assert main([config, "--out", str(out)]) == 0
    bundle = load_bundle(out)
    assert bundle.card["n_trials"] == 36
    assert bundle.card["recordings"] == ["first", "second"]
    said = capsys.readouterr().out
    assert said.startswith(f"{out}: decoder {bundle.id}, 36 trials of 2 concepts")
    assert said.endswith(f"next: bci live {out}\n")


def test_recordings_are_held_out_by_name_and_the_card_says_so(config, tmp_path):
    main([config, "--hold-out", "second", "--out", str(tmp_path / "bundle")])
    card = load_bundle(tmp_path / "bundle").card
    assert (card["recordings"], card["held_out"], card["n_trials"]) == (["first"], ["second"], 18)


def test_data_are_taken_from_elsewhere(config, tmp_path):
    main([config, "--data", str(tmp_path / "recordings" / "second.csv"), "--out", str(tmp_path / "bundle")])
    assert load_bundle(tmp_path / "bundle").card["recordings"] == ["second"]


def test_every_key_can_be_overridden(config, tmp_path):
    options = ["--train.epochs", "1", "--train.seed", "5", "--preprocess.lowpass", "30"]
    main([config, "--out", str(tmp_path / "bundle"), *options])
    bundle = load_bundle(tmp_path / "bundle")
    assert bundle.config.train.epochs == 1
    assert bundle.card["seeds"] == [5]
    assert bundle.preprocess.lowpass == 30


def test_a_key_that_does_not_exist_is_refused_with_the_nearest_one(config, tmp_path):
    with pytest.raises(ConfigError, match="unknown key 'train.epoch'; the nearest known one is 'train.epochs'"):
        main([config, "--out", str(tmp_path / "bundle"), "--train.epoch", "1"])
    assert not (tmp_path / "bundle").exists()


def test_a_full_folder_is_refused_before_any_work(tmp_path):
    (tmp_path / "mine.txt").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="new or empty folder"):
        main(["no-such-config", "--out", str(tmp_path)])


def test_an_unknown_config_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="'n107', which is neither"):
        main(["n107", "--out", str(tmp_path / "bundle")])


def test_the_bundle_names_no_folder_of_this_computer(config, tmp_path):
    main([config, "--data", str(tmp_path / "recordings"), "--out", str(tmp_path / "bundle")])
    body = json.loads((tmp_path / "bundle" / "bundle.json").read_text(encoding="utf-8"))
    assert tmp_path.as_posix() not in json.dumps(body["provenance"])


def test_a_switch_is_turned_off(config, tmp_path):
    main([config, "--out", str(tmp_path / "bundle"), "--train.balance", "False"])
    assert load_bundle(tmp_path / "bundle").config.train.balance is False


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--train.lr", "-1"], "lr Input should be greater than 0, got -1.0$"),
        (["--train.epochs", "many"], "--train.epochs: invalid literal"),
        (["--train.epochs"], "Missing value for argument '--train.epochs'"),
        (["--evaluation.protocol", "any"], "invalid choice 'any'"),
        (
            ["--preprocess.baseline", "0", "-1"],
            r"expected baseline = \[start, end\] with start < end, got \[0.0, -1.0\]$",
        ),
        (["--preprocess.baseline", "0", "nan"], "finite number"),
        (["--preprocess.scale", "none"], 'whitening = "channel"$'),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_one_line(config, tmp_path, capsys, option, said):
    with pytest.raises(ConfigError, match=said) as refused:
        main([config, "--out", str(tmp_path / "bundle"), *option])
    assert "\n" not in str(refused.value)
    assert capsys.readouterr().err == ""


def test_another_encoder_begins_with_its_own_options(config, tmp_path):
    options = ["--decoder.name", "nice", "--decoder.options.maps", "4"]
    main([config, "--out", str(tmp_path / "bundle"), *options])
    decoder = load_bundle(tmp_path / "bundle").config.decoder
    assert (decoder.name, decoder.options) == ("nice", {"dim": 128, "maps": 4, "dropout": 0.5})


def test_the_encoder_of_the_config_keeps_its_options(config, tmp_path):
    main([config, "--out", str(tmp_path / "bundle"), "--decoder.name", "channel_attention"])
    assert load_bundle(tmp_path / "bundle").config.decoder.options == {
        "dim": 8,
        "hidden": 16,
        "width": 8,
        "heads": 2,
    }


def test_a_place_that_cannot_be_made_is_refused_before_any_work(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot make the folder"):
        main(["no-such-config", "--out", str(tmp_path / "file" / "bundle")])


def test_several_seeds_are_several_bundles_and_what_is_done_is_not_done_again(config, tmp_path, capsys):
    out = tmp_path / "bundles"
    assert main([config, "--seeds", "0", "1", "--out", str(out)]) == 0
    first, second = load_bundle(out / "seed-0"), load_bundle(out / "seed-1")
    assert first.id != second.id
    assert [bundle.config.train.seed for bundle in (first, second)] == [0, 1]
    assert "2 of 2" in capsys.readouterr().out
    shutil.rmtree(out / "seed-1")
    assert main([config, "--seeds", "0", "1", "--out", str(out), "--resume"]) == 0
    assert load_bundle(out / "seed-1").id == second.id
    assert "seed-0" not in capsys.readouterr().out


def test_a_training_that_was_interrupted_is_not_forgotten(config, tmp_path):
    (tmp_path / "bundle.checkpoint").mkdir()
    with pytest.raises(OutputError, match="go on with --resume, or remove that folder"):
        main([config, "--out", str(tmp_path / "bundle")])
    assert main([config, "--out", str(tmp_path / "bundle"), "--resume"]) == 0
    assert not (tmp_path / "bundle.checkpoint").exists()


def test_jobs_train_as_one_process_does_and_say_what_went_wrong(config, tmp_path, capsys):
    assert main([config, "--seeds", "0", "1", "--out", str(tmp_path / "jobs"), "--submit", "local"]) == 0
    assert main([config, "--train.seed", "1", "--out", str(tmp_path / "alone")]) == 0
    assert load_bundle(tmp_path / "jobs" / "seed-1").id == load_bundle(tmp_path / "alone").id
    capsys.readouterr()
    broken = [config, "--train.lr", "1e30", "--train.weight_decay", "1e3", "--out", str(tmp_path / "broken")]
    assert main([*broken, "--submit", "local"]) == 1
    said = capsys.readouterr().err
    assert "failed: " in said
    assert "diverged" in said
