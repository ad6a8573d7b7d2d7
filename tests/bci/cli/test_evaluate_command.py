"""`bci evaluate` from the command line to report.json, on a tiny file of averages."""

import json
import subprocess
import sys

import numpy as np
import pytest

from bci.bank import Bank, save_bank
from bci.cli.evaluate import CURVES, _with_curves, main
from bci.cli.train import main as train
from bci.config import load_config
from bci.errors import ConfigError, MismatchError, OutputError
from bci.storage import load_json
from models.config import CurvesConfig, ExperimentConfig
from models.data import load_test_bank

CONFIG = """
name = "tiny"
[data]
reader = "things-eeg1-erps"
paths = ["{folder}/averages.npz"]
[preprocess]
mode = "epoch"
channels = ["O1", "Oz"]
sfreq = 100.0
tmax = 0.3
scale = "rms"
[targets]
kind = "text"
model = "made up"
vocabularies = [{{ vectors = "{folder}/names.npy", names = "{folder}/names.json" }}]
concepts = {{ animal = ["cat", "dog"], food = ["cake"] }}
[decoder]
name = "channel_attention"
options = {{ dim = 8, hidden = 16, width = 8, heads = 2 }}
[train]
epochs = 2
batch = 16
[evaluation]
protocol = "closed-set"
by = "subject"
folds = 2
unit = "subject"
resamples = 100
permutations = 1
prestimulus = [-0.1, 0.0]
noise_level = true
"""


@pytest.fixture
def config(tmp_path):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(8, 2, 2, 40)).astype(np.float32)
    data[:, 0, 0, 15:] += 3
    times = np.arange(40) / 100 - 0.1
    categories = np.array(["animal", "food"])
    np.savez(
        tmp_path / "averages.npz", data=data, ch_names=np.array(["O1", "Oz"]), times=times, categories=categories
    )
    np.save(tmp_path / "names.npy", rng.normal(size=(3, 16)).astype(np.float16))
    (tmp_path / "names.json").write_text(json.dumps(["cat", "dog", "cake"]))
    path = tmp_path / "tiny.toml"
    path.write_text(CONFIG.format(folder=tmp_path.as_posix()))
    return path


def test_an_experiment_becomes_a_report(config, tmp_path, capsys):
    out = tmp_path / "out"
    assert main([str(config), "--out", str(out), "--jobs", "1", "--train.epochs", "3"]) == 0
    body = load_json(out / "report.json")
    assert body["card"]["selection"] == "fixed: last of 3 epochs"
    names = [control["name"] for control in body["controls"]]
    assert names == ["shuffled-labels", "pre-stimulus", "noise-level-only"]
    assert len(body["folds"]) == 2
    assert "auc" in capsys.readouterr().out


def test_permutations_can_be_left_out(config, tmp_path):
    out = tmp_path / "out"
    assert main([str(config), "--out", str(out), "--jobs", "1", "--permutations", "0"]) == 0
    names = [control["name"] for control in load_json(out / "report.json")["controls"]]
    assert names == ["pre-stimulus", "noise-level-only"]


def test_a_report_stands_beside_its_page_and_its_answers(config, tmp_path, capsys):
    out = tmp_path / "out[b]"
    assert main([str(config), "--out", str(out), "--jobs", "1", "--permutations", "0"]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["answers.safetensors", "report.html", "report.json"]
    assert "tiny" in (out / "report.html").read_text(encoding="utf-8")
    assert f"written to {out / 'report.json'}, beside" in capsys.readouterr().out


def test_two_decoders_are_compared_whether_evaluated_before_or_now(config, tmp_path, capsys):
    plain = ["--jobs", "1", "--permutations", "0", "--evaluation.prestimulus", "None"]
    assert main([str(config), "--out", str(tmp_path / "one"), *plain]) == 0
    for number, other in enumerate((str(tmp_path / "one"), str(config))):
        out = tmp_path / f"two-{number}"
        options = ["--compare", other, "--train.epochs", "4", "--out", str(out), *plain]
        assert main([str(config), *options]) == 0
        comparison = load_json(out / "report.json")["comparison"]
        assert [each["name"] for each in comparison["differences"]] == ["auc", "top1"]
        assert comparison["n"] == 16
    assert "paired on 16 trials" in capsys.readouterr().out
    halved = [str(config), "--compare", str(tmp_path / "one"), "--evaluation.folds", "4", *plain]
    with pytest.raises(MismatchError, match="same folds"):
        main([*halved, "--out", str(tmp_path / "three")])


def test_curves_train_anew(config, tmp_path):
    out = tmp_path / "out"
    options = ["--jobs", "1", "--permutations", "0", "--curves", "--train.epochs", "1"]
    assert main([str(config), "--out", str(out), *options]) == 0
    curves = {curve["name"]: curve for curve in load_json(out / "report.json")["curves"]}
    assert [point["x"] for point in curves["window-end"]["points"]] == [0.2, 0.3]


def test_curves_that_are_asked_for_by_name_are_those_that_are_drawn(config, tmp_path):
    out = tmp_path / "out"
    options = ["--jobs", "1", "--permutations", "0", "--curves", "--evaluation.curves.window-ends", "0.15", "0.25"]
    assert main([str(config), "--out", str(out), *options]) == 0
    curves = {curve["name"]: curve for curve in load_json(out / "report.json")["curves"]}
    assert [point["x"] for point in curves["window-end"]["points"]] == [0.15, 0.25, 0.3]


def test_curves_fill_what_the_config_leaves_empty(config):
    for asked, window_ends, channels in (((), CURVES["window_ends"], (8,)), ((0.25,), (0.25,), (8,))):
        curves = {"window_ends": asked, "channels": (8,)}
        experiment = load_config(ExperimentConfig, str(config))
        evaluation = experiment.evaluation.model_copy(update={"curves": CurvesConfig(**curves)})
        found = _with_curves(experiment.model_copy(update={"evaluation": evaluation})).evaluation.curves
        assert (found.window_ends, found.channels) == (window_ends, channels)
        assert found.repetitions == CurvesConfig().repetitions


def test_another_decoder_is_compared_without_curves(config, tmp_path):
    out = tmp_path / "out"
    plain = ["--jobs", "1", "--permutations", "0", "--evaluation.prestimulus", "None"]
    fits = []
    options = [*plain, "--curves", "--compare", str(config), "--train.epochs", "1", "--out", str(out)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.evaluation.experiments.cross_validate", _counting(fits))
        assert main([str(config), *options]) == 0
    assert ["window-end 0.2" in names for names in fits] == [True, False]


def _counting(fits):
    from models.evaluation.crossval import cross_validate

    def counted(decoder, evaluation, *, beside, **options):
        fits.append(list(beside))
        return cross_validate(decoder, evaluation, beside=beside, **options)

    return counted


def test_a_bundle_ranks_the_bank_that_is_named_on_the_test_partition(small_world, tmp_path):
    """The bank's concepts compete, and those that were shown but are not in it are not scored."""
    bundle = tmp_path / "bundle"
    assert train([str(small_world), "--out", str(bundle)]) == 0
    test_bank = load_test_bank(load_config(ExperimentConfig, str(small_world)))
    some = Bank(test_bank.names[:8], test_bank.prototypes[:8], test_bank.key)
    cards, ceilings = [], []
    for number, bank in enumerate((None, test_bank, some)):
        out, options = tmp_path / f"out-{number}", []
        if bank is not None:
            save_bank(tmp_path / f"{number}.safetensors", bank)
            options = ["--bank", str(tmp_path / f"{number}.safetensors")]
        assert main([str(bundle), *options, "--out", str(out)]) == 0
        report = load_json(out / "report.json")
        cards.append(report["card"])
        ceilings.append(report["ceiling"])
    assert [card["concepts"] for card in cards] == [12, 12, 8]
    assert cards[0] == cards[1]
    assert (cards[2]["n_trials"], cards[2]["n_scored"]) == (96, 64)
    assert ceilings[0] == ceilings[1] is not None
    assert ceilings[2] is None  # the oracle knows the world's own bank alone


def test_a_bank_goes_with_a_bundle(config, tmp_path):
    with pytest.raises(ConfigError, match="--bank goes with a bundle"):
        main([str(config), "--bank", "b.safetensors", "--out", str(tmp_path / "out")])


def test_a_bundle_is_not_judged_on_its_own_training_data(config, tmp_path):
    bundle, out = tmp_path / "bundle", tmp_path / "out"
    assert train([str(config), "--out", str(bundle)]) == 0
    with pytest.raises(MismatchError, match="was trained on"):
        main([str(bundle), "--out", str(out)])
    with pytest.raises(ConfigError, match="judged as it was trained"):
        main([str(bundle), "--out", str(out), "--train.epochs", "9"])
    assert not out.exists()


def test_a_folder_with_something_in_it_is_refused_before_any_work(tmp_path):
    (tmp_path / "kept.txt").write_text("here")
    with pytest.raises(OutputError, match="new or empty folder"):
        main(["no-such-config", "--out", str(tmp_path)])


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from bci.cli import main\n"
        "try:\n"
        "    main(['evaluate', '--help'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "heavy = {'torch', 'scipy', 'sklearn', 'numpy', 'mne', 'pandas'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
