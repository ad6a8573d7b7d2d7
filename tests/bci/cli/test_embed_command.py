"""`bci embed` from the command line to a bank."""

import subprocess
import sys

import pytest
from tiny_clip import write_clip, write_pictures

from bci.bank import load_bank
from bci.cli.embed import main
from bci.errors import ConfigError


@pytest.fixture
def model(tmp_path):
    tiny = write_clip(tmp_path / "model", "command-line-clip", suffix=".pt")
    return ["--config", str(tiny.config), "--weights", str(tiny.weights)]


@pytest.fixture
def pictures(tmp_path):
    return str(write_pictures(tmp_path / "pictures", ["cat", "dog"], each=2))


def test_a_bank_is_written_with_every_choice_in_its_key(model, pictures, tmp_path, capsys):
    out = tmp_path / "new" / "bank.safetensors"
    options = ["--layer", "2", "--pooling", "cls", "--precision", "bf16", "--normalisation", "centred-unit"]
    assert main([pictures, "--out", str(out), *model, *options]) == 0
    bank = load_bank(out)
    key = bank.key
    assert (key.layer, key.pooling, key.precision, key.normalisation) == ("2", "cls", "bf16", "centred-unit")
    assert key.vision_model.startswith("command-line-clip#")
    assert key.preprocess.startswith("32x32 bicubic shortest; mean 0.48145466")
    said = f"{out}: bank {bank.id} of kind template, 2 concepts from 4 pictures, vectors of length 32 by "
    assert capsys.readouterr().out == f"{said}{key.vision_model}\n"


def test_prompts_are_given_one_by_one(model, tmp_path):
    (tmp_path / "names.json").write_text('["cat"]', encoding="utf-8")
    out = tmp_path / "bank.safetensors"
    main([str(tmp_path / "names.json"), "--out", str(out), *model, "--template", "a {}", "--template", "one {}"])
    assert load_bank(out).key.templates == ("a {}", "one {}")


@pytest.mark.parametrize("options", [[], ["--model", "RN50", "--config", "mine.json"]])
def test_there_is_one_model(pictures, tmp_path, options):
    with pytest.raises(ConfigError, match="expected --model NAME, or --config FILE"):
        main([pictures, "--out", str(tmp_path / "bank.safetensors"), *options])


@pytest.mark.parametrize("wrong", [["--layer", "0"], ["--layer", "last"], ["--batch", "0"], ["--pca", "-1"]])
def test_numbers_that_make_no_sense_are_refused(model, pictures, tmp_path, wrong, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([pictures, "--out", str(tmp_path / "bank.safetensors"), *model, *wrong])
    assert f"argument {wrong[0]}" in capsys.readouterr().err


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from bci.cli import main\n"
        "try: main(['embed', '--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'torch', 'open_clip', 'PIL', 'numpy', 'pydantic', 'models'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
