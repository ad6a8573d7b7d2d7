"""Retrieval without a GPU as the README says it: fetch, embed, train, evaluate, explore.

The server is on this computer, the files are synthetic in the authors' form, and the vision model is a small one
with random weights, on whose components the responses depend.
"""

import io
import json
import zipfile

import numpy as np
import pytest
from mirror_server import Mirror
from recorded_files import THINGS_17, write_metadata, write_things_epochs
from tiny_clip import write_clip, write_pictures

from bci.bank import load_bank
from bci.cli import main
from bci.ranking import unit
from models.bundle import load_bundle

TRAINING, EACH = [f"thing{n}" for n in range(40)], 3
TEST = [f"other{n}" for n in range(24)]
COMPONENTS = 8
TIMES = np.linspace(-0.2, 0.79, 100)


def responses(rng, vectors, repetitions, patterns):
    """Epochs (images, repetitions, 17, 100) that grow with the vectors after the onset, in noise."""
    course = np.where(TIMES > 0.05, np.sin(np.pi * np.clip(TIMES - 0.05, 0, 0.6) / 0.6), 0)
    signal = (vectors @ patterns)[:, None, :, None] * course
    return signal + rng.normal(0, 1, (len(vectors), repetitions, 17, 100))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip"), "tiny")


@pytest.fixture(scope="module")
def data(tmp_path_factory, tiny):
    """Fetch what a server offers and embed its pictures; return the folder that is BCI_DATA."""
    made, out = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("data")
    write_pictures(made / "training_images", TRAINING, EACH, 1, ".jpg")
    write_pictures(made / "test_images", TEST, 1, 2, ".jpg")
    assert embed(tiny, made, "training", made, "--pca", str(COMPONENTS)) == 0
    train_bank = made / "training.safetensors"
    assert embed(tiny, made, "test", made, "--pca-from", str(train_bank)) == 0
    rng = np.random.default_rng(0)
    patterns = rng.normal(0, 0.3, (COMPONENTS, 17))
    for name, repetitions in (("training", 4), ("test", 80)):
        vectors = unit(load_bank(made / f"{name}.safetensors").images)
        epochs = responses(rng, vectors, repetitions, patterns)
        write_things_epochs(made / "sub-01" / f"preprocessed_eeg_{name}.npy", epochs, THINGS_17, TIMES)
    with Mirror() as mirror:
        publish(mirror, made)
        wanted = ["--subjects", "1", "--form", "preprocessed", "--pictures"]
        assert main(["fetch", "things-eeg2", *wanted, "--out", str(out), "--server", mirror.url]) == 0
    images, banks = out / "things-eeg2" / "images", out / "things-eeg2-banks"
    banks.mkdir()
    training = banks / "vit_b32_pca64_training.safetensors"
    assert embed(tiny, images, "training", banks, "--pca", str(COMPONENTS), "--kind", "template") == 0
    assert embed(tiny, images, "test", banks, "--pca-from", str(training), "--kind", "image") == 0
    return out


def embed(tiny, images, partition, out, *options):
    prefix = "" if out == images else "vit_b32_pca64_"
    clip = ["--config", str(tiny.config), "--weights", str(tiny.weights)]
    bank = out / f"{prefix}{partition}.safetensors"
    return main(["embed", str(images / f"{partition}_images"), *clip, *options, "--out", str(bank)])


def publish(mirror, made):
    folders = {name: sorted((made / name).rglob("*.jpg")) for name in ("training_images", "test_images")}
    table = [[(file.parent.name, file.name) for file in files] for files in folders.values()]
    write_metadata(made / "image_metadata.npy", *table)
    epochs = [made / "sub-01" / f"preprocessed_eeg_{name}.npy" for name in ("training", "test")]
    mirror.osf("anp5v", {"sub-01.zip": zipped(made, epochs)})
    archives = {f"{name}.zip": zipped(made, files) for name, files in folders.items()}
    mirror.osf("y63gw", archives | {"image_metadata.npy": (made / "image_metadata.npy").read_bytes()})


def zipped(folder, files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    return body.getvalue()


@pytest.fixture(autouse=True)
def here(monkeypatch, data):
    monkeypatch.setenv("BCI_DATA", str(data))


FEW = ["--evaluation.permutations", "2", "--evaluation.resamples", "100", "--jobs", "1"]
SMALL_MLP = ["--decoder.options.hidden", "[[32]]", "--decoder.options.alphas", "[1.0]"]


@pytest.mark.parametrize("decoder", ["pls", "mlp"])
def test_a_mapper_finds_pictures_that_it_was_never_trained_on(decoder, data, tmp_path, monkeypatch):
    chosen = [] if decoder == "pls" else ["--decoder.name", "mlp", "--decoder.options.bin", "0.0", *SMALL_MLP]
    bundle, report = tmp_path / "bundle", tmp_path / "report"
    assert main(["train", "erp-pca64", *chosen, "--out", str(bundle)]) == 0
    card = load_bundle(bundle).card
    assert card["n_trials"] == len(TRAINING) * EACH * 4
    assert card["chosen"].startswith(
        f"fitted to {len(TRAINING) * EACH} means over the repetitions of a picture; chose"
    )
    assert main(["evaluate", str(bundle), "--out", str(report)]) == 0
    told = json.loads((report / "report.json").read_text("utf-8"))
    assert told["headline"]["value"] > 2 / len(TEST)
    assert told["card"]["gallery"].startswith("exact image (tiny")
    curve = next(curve for curve in told["curves"] if curve["name"] == "repetitions-averaged")
    singles, *_, means = curve["points"]
    assert (means["x"], means["n"]) == (80, len(TEST))
    assert singles["figures"][0]["value"] < means["figures"][0]["value"]
    assert means["figures"][0]["value"] > 0.7

    handed = []
    monkeypatch.setattr("gui.explore_window.show", lambda exploration, top: handed.append(exploration))
    assert main(["explore", str(bundle), "--top", "5"]) == 0
    (exploration,) = handed
    assert exploration.explored.scores.shape == (len(TEST) * 80, len(TEST))
    assert exploration.about.thumbnails == data / "things-eeg2-banks" / "vit_b32_pca64_test.thumbnails"
    assert exploration.warning == ""


def test_a_config_is_judged_with_its_controls_at_chance(tmp_path):
    assert main(["evaluate", "erp-pca64", *FEW, "--out", str(tmp_path / "report")]) == 0
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    (control,) = told["controls"]
    assert control["name"] == "shuffled-training"
    assert control["figure"]["value"] < 0.12  # chance is 1 in 24
    assert told["headline"]["value"] > 0.2


def test_names_stand_in_for_pictures(data, tiny, tmp_path):
    clip = ["--config", str(tiny.config), "--weights", str(tiny.weights), "--kind", "text"]
    names = []
    for partition in ("training", "test"):
        names.append(str(tmp_path / f"names_{partition}.safetensors"))
        images = data / "things-eeg2" / "images" / f"{partition}_images"
        assert main(["embed", str(images), *clip, "--out", names[-1]]) == 0
    banks = ["--targets.bank", names[0], "--targets.test-bank", names[1]]
    assert main(["train", "erp-pca64", *banks, "--out", str(tmp_path / "bundle")]) == 0
    assert main(["evaluate", str(tmp_path / "bundle"), "--out", str(tmp_path / "report")]) == 0
    told = json.loads((tmp_path / "report" / "report.json").read_text("utf-8"))
    assert told["card"]["gallery"].startswith("text (tiny")
    assert told["card"]["n_candidates"] == [len(TEST), len(TEST)]


@pytest.mark.slow
def test_what_a_mapper_takes_pictures_for_is_painted_and_judged(data, tiny, tmp_path):
    bundle, out, report = tmp_path / "bundle", tmp_path / "painted", tmp_path / "report"
    assert main(["train", "erp-pca64", "--out", str(bundle)]) == 0
    images = data / "things-eeg2" / "images"
    options = ["--data.pairs", "", "--data.bundle", str(bundle), "--data.candidates", "True"]
    options += ["--data.vectors", "True", "--data.pictures", str(images / "training_images")]
    options += ["--data.test-pictures", str(images / "test_images"), "--generator.side", "56"]
    options += ["--generator.width", "16", "--generator.widest", "64", "--generator.discriminator", "4"]
    options += ["--encoder.hidden", "64", "--encoder.latent", "16", "--train.epochs", "6", "--train.lr", "1e-3"]
    options += ["--semantic.config", str(tiny.config), "--semantic.weights", str(tiny.weights)]
    assert main(["reconstruct", "train", "vae-gan", *options, "--out", str(out)]) == 0
    assert main(["reconstruct", "evaluate", str(out), "--trials", "240", "--out", str(report)]) == 0
    told = json.loads((report / "report.json").read_text("utf-8"))
    assert (told["protocol"], told["n_trials"]) == ("zero-shot", 240)
    rows = {row["name"]: row["figures"] for row in told["rows"]}
    assert rows["painted"]["CLIP"]["circular"]
    assert not rows["class mean, test concepts named"]["CLIP"]["circular"]
    # random pictures of a random network: nothing of an unseen one can be learned, and nothing is asked of it
    card = told["reconstructions"]["painted"]["card"]
    assert card["n_vectors"] == (len(TRAINING) - card["n_validation_concepts"]) * EACH
    assert "may have been trained on" in card["inputs"]
    assert "data:image/webp" in (report / "report.html").read_text("utf-8")
