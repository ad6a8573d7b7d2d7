"""From the public files to a live decoder, as the README says it: fetch, embed, train, evaluate, replay, live.

The servers are one on this computer, the recordings are synthetic in the real formats, and the vision model is a
small one with random weights.
"""

import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from mirror_server import Mirror
from recorded_files import write_metadata, write_things_raw
from tiny_clip import write_clip, write_pictures

from bci.bank import load_bank
from bci.config import load_config
from bci.ranking import unit
from models.config import ExperimentConfig

pytestmark = [pytest.mark.lsl, pytest.mark.slow]

TRAINING = [f"thing{n}" for n in range(24)]
TEST = [f"other{n}" for n in range(6)]
RATE, SOA = 1000, 0.25


def bci(*arguments, **environment):
    """Run a command as a user does."""
    command = [sys.executable, "-m", "bci", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def ended(process):
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]
    return out


def session(rng, vectors, repetitions, patterns, labels):
    """Microvolts (n, 63) and words of the trigger (n,) of pictures in random order, and targets among them."""
    codes = np.concatenate([rng.permutation(len(vectors)) for _ in range(repetitions)]) + 1
    codes = np.insert(codes, [7, 50], 99999)
    onsets = RATE + (np.arange(len(codes)) * SOA * RATE).astype(int)
    n_times = onsets[-1] + 2 * RATE
    signal = rng.normal(0, 4, (n_times, len(labels)))
    words = np.zeros(n_times)
    course = np.hanning(300)[:, None]
    for code, onset in zip(codes, onsets, strict=True):
        words[onset] = code
        if code != 99999:
            signal[onset + 100 : onset + 400] += course * (vectors[code - 1] @ patterns)
    return signal, words


def zipped(folder, names):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in names:
            archive.write(folder / name, name)
    return body.getvalue()


def publish(mirror, folder, tiny):
    """Make the data set, whose responses follow the vision model, and put it on the server."""
    for name, concepts, each, seed in (("training_images", TRAINING, 4, 1), ("test_images", TEST, 1, 2)):
        write_pictures(folder / name, concepts, each, seed, ".jpg")
        clip = ["--config", tiny.config, "--weights", tiny.weights]
        ended(bci("embed", folder / name, *clip, "--kind", "template", "--out", folder / f"{name}.safetensors"))
    training, test = (load_bank(folder / f"{name}.safetensors") for name in ("training_images", "test_images"))
    centre = unit(training.prototypes).mean(axis=0)
    rng = np.random.default_rng(0)
    config = load_config(ExperimentConfig, "things-eeg2-raw")
    labels = config.preprocess.channels
    patterns = 12 * rng.normal(size=(training.prototypes.shape[1], len(labels)))
    for partition, bank, repetitions in (("training", training, 6), ("test", test, 20)):
        signal, words = session(rng, unit(unit(bank.images) - centre), repetitions, patterns, labels)
        write_things_raw(folder / "sub-01" / "ses-01" / f"raw_eeg_{partition}.npy", signal, words, labels)
    pictures = {
        name: [file.relative_to(folder / name) for file in sorted((folder / name).rglob("*.jpg"))]
        for name in ("training_images", "test_images")
    }
    table = [[(file.parent.name, file.name) for file in files] for files in pictures.values()]
    write_metadata(folder / "image_metadata.npy", *table)
    raw = [f"sub-01/ses-01/raw_eeg_{partition}.npy" for partition in ("training", "test")]
    mirror.osf("crxs4", {"sub-01.zip": zipped(folder, raw)})
    archives = {
        f"{name}.zip": zipped(folder, [f"{name}/{file}" for file in files]) for name, files in pictures.items()
    }
    mirror.osf("y63gw", archives | {"image_metadata.npy": (folder / "image_metadata.npy").read_bytes()})


@pytest.mark.timeout(900)
def test_public_files_become_a_live_decoder(tmp_path):
    tiny = write_clip(tmp_path / "clip", "tiny")
    data = tmp_path / "data"
    environment = {"BCI_DATA": str(data)}
    with Mirror() as mirror:
        (tmp_path / "made").mkdir()
        publish(mirror, tmp_path / "made", tiny)
        fetch = ["--subjects", "1", "--form", "raw", "--pictures", "--out", data, "--server", mirror.url]
        ended(bci("fetch", "things-eeg2", *fetch))
    images, banks = data / "things-eeg2" / "images", data / "things-eeg2-banks"
    banks.mkdir()
    clip = ["--config", tiny.config, "--weights", tiny.weights, "--normalisation", "centred-unit"]
    for partition in ("training", "test"):
        bank = banks / f"vit_b32_{partition}.safetensors"
        ended(bci("embed", images / f"{partition}_images", *clip, "--kind", "template", "--out", bank))
    small = ["--train.batch", "64", "--train.epochs", "12", "--train.lr", "3e-3"]
    bundle, report, session_folder = tmp_path / "bundle", tmp_path / "report", tmp_path / "session"
    ended(bci("train", "things-eeg2-raw", *small, "--out", bundle, **environment))
    ended(bci("evaluate", bundle, "--out", report, **environment))
    told = json.loads((report / "report.json").read_text("utf-8"))
    assert (report / "report.html").stat().st_size > 10_000
    assert told["headline"]["name"] == "top1"
    assert told["headline"]["value"] > 2 / len(TEST)  # twice chance

    recorded = data / "things-eeg2" / "raw_data" / "sub-01" / "ses-01" / "raw_eeg_test.npy"
    device = bci("replay", recorded, "--name", "things")
    options = ["--stream", "things", "--bank", banks / "vit_b32_test.safetensors", "--until-end", "--headless"]
    ended(bci("live", bundle, *options, "--reference", recorded, "--out", session_folder, **environment))
    ended(device)
    summary = json.loads((session_folder / "summary.json").read_text("utf-8"))
    assert summary["events"] == summary["ok"] == 20 * len(TEST)
    assert summary["ignored_markers"] == 2  # the targets
    assert summary["parity"]["compared"] == summary["parity"]["same_ranking"] == summary["events"]
    assert summary["parity"]["max_abs_score_diff"] <= 1e-5
    # the same trials, decoded live and offline
    assert summary["top1"] == pytest.approx(told["headline"]["value"], abs=1e-9)
