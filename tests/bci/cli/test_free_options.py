"""Keys of a config on the command line: those that it leaves free, and the examples that the help gives."""

import shlex
from importlib import import_module
from pathlib import Path

import pytest

from bci.cli.experiment import load_experiment
from bci.cli.free_options import free_options
from bci.config import load_config
from bci.errors import ConfigError
from models.calibration.table import CalibrationTable
from models.config import ExperimentConfig


def changed(*options, config="things"):
    return load_experiment(config, options, "bci train")


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["0.2"], 0.2),
        (["-3"], -3),
        (["1e-3"], 0.001),
        (["true"], True),
        (["False"], False),
        (["None"], None),
        (["EEGNet"], "EEGNet"),
        (["EPOC X"], "EPOC X"),
        (["01"], "01"),
        (['"7"'], "7"),
        (["[0.1, 0.8]"], [0.1, 0.8]),
        (["0.1", "0.8"], [0.1, 0.8]),
        (["O1", "PO*"], ["O1", "PO*"]),
        (["{ F1 = 16, D = 4 }"], {"F1": 16, "D": 4}),
    ],
)
def test_values_are_toml_or_stand_for_themselves(texts, value):
    free, others = free_options(["--train.lr", "1", "--decoder.options.an-option", *texts, "--train.epochs", "2"])
    assert free == {"decoder": {"an_option": value}}
    assert others == ["--train.lr", "1", "--train.epochs", "2"]


def test_a_value_may_follow_an_equals_sign_and_the_last_one_counts():
    free, others = free_options(["--data.options.stream=a=b", "--data.options.stream=c", "--decoder.name=lda"])
    assert (free, others) == ({"data": {"stream": "c"}}, ["--decoder.name=lda"])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "--decoder.options.dropout: expected a value as in TOML, such as .*; got none"),
        (["[0.1"], r"--decoder.options.dropout: '\[0.1' is no TOML: "),
        (['"a'], "is no TOML"),
    ],
)
def test_a_value_that_is_none_is_refused(texts, said):
    with pytest.raises(ConfigError, match=said):
        free_options(["--decoder.options.dropout", *texts])


def test_an_option_whose_default_is_none_is_set_and_taken_back():
    options = ["--decoder.name", "lda", "--decoder.options.highpass", "1", "--decoder.options.window", "0", "0.4"]
    assert {"highpass": 1, "window": [0, 0.4], "lowpass": None}.items() <= changed(
        *options
    ).decoder.options.items()
    taken_back = changed(*options, "--decoder.options.highpass", "None")
    assert taken_back.decoder.options["highpass"] is None


def test_an_option_that_the_config_does_not_name_is_added_to_those_that_it_does():
    before = load_config(ExperimentConfig, "things")
    after = changed("--decoder.options.channel_embedding", "false", "--train.epochs", "3")
    assert after.decoder.options == {**before.decoder.options, "channel_embedding": False}
    assert after.train.epochs == 3
    assert after.model_copy(update={"decoder": before.decoder, "train": before.train}) == before


def test_readers_and_projections_have_options_too():
    config = changed("--data.options.stream", "EPOC X", config="lab")
    assert config.data.options == {"stream": "EPOC X"}
    config = changed("--projection.name", "mlp", "--projection.options.hidden", "64")
    assert (config.projection.name, config.projection.options) == ("mlp", {"hidden": 64})


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--decoder.options.dropuot", "0.2"], "no option 'dropuot'; the nearest known one is 'dropout'"),
        (["--decoder.name", "lda", "--decoder.options.dropout", "1"], "decoder 'lda' has no option 'dropout'"),
        (
            ["--data.options.stream", "x"],
            "reader 'world' has no option 'stream'; the nearest known one is 'form'",
        ),
        (["--projection.name", "mlp", "--projection.options.hiden", "8"], "the nearest known one is 'hidden'"),
        (["--decodr.options.dropout", "1"], "the nearest known one is 'decoder.options.dropout'"),
        (["--decoder.options", "1"], "unknown key 'decoder.options'"),
    ],
)
def test_an_option_that_does_not_exist_is_refused_with_the_nearest_one(options, said):
    with pytest.raises(ConfigError, match=said):
        changed(*options)


@pytest.mark.parametrize("command", ["train", "evaluate", "table"])
def test_the_examples_of_the_help_can_be_run(command):
    """Their options exist, what they name comes with bci or is the user's own, and no two write to one folder."""
    module = import_module(f"bci.cli.{command}")
    lines = module.EPILOG.replace("\\\n", " ").splitlines()
    examples = [shlex.split(line.partition(f"bci {command} ")[2]) for line in lines if f"bci {command} " in line]
    folders = []
    for example in examples:
        options, overrides = module._parser().parse_known_args(example)
        named = getattr(options, "what", None) or options.config
        folders.append(options.out)
        if command == "table":
            assert overrides == []
            if module._names_people(named):
                assert load_config(CalibrationTable, named).people
            else:
                assert module._chosen(named, options.rows).rows
        elif named != "my-bundle":
            load_experiment(named, overrides, command)
    assert len(examples) > 1
    assert len(set(folders)) == len(folders)
    assert not any(Path(folder).is_absolute() for folder in folders)
