"""Another bundle, another bank while a session runs; a file that is neither changes nothing. Data is made up."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from bci.array_source import ArraySource
from bci.bank import Bank, BankKey, save_bank
from bci.cli.about import describe
from bci.cli.calibrate import main as calibrate
from bci.cli.live import Live
from bci.cli.opening import Opened, gallery_reader, load_whole, mind_channels
from bci.cli.switching import switchable
from bci.clock import lsl_clock
from bci.end_to_end import MISMATCH
from bci.errors import BciError
from bci.history import History
from bci.session import Session
from bci.types import Channel, Recording
from bci.viewing import LocalSession
from models.bundle import save_bundle
from models.config import ExperimentConfig
from models.epocher import make_epocher
from models.runtime import load_decoder
from models.train import train
from replay.recording_file import save_recording
from replay.trials import cut_trials

RATE, EVERY, CHANNELS = 125.0, 100, ("Cz", "Pz", "Oz")
NAMES = ("still", "moved")


def recording(n_events=40, seed=0):
    """Events alternate; the second kind moves the last channel for a while."""
    data = np.random.default_rng(seed).normal(0, 5, (EVERY * (n_events + 1), 3)).astype(np.float32)
    markers = [(EVERY * (i + 1) - 60, NAMES[i % 2]) for i in range(n_events)]
    for sample, name in markers:
        data[sample + 5 : sample + 35, -1] += 30.0 * (name == "moved")
    return Recording(data, RATE, ((0, 0.0),), tuple(markers), tuple(map(Channel, CHANNELS)), "FCz")


def recording_file(folder):
    """A recording of a person, to be calibrated to."""
    path = folder / "person_raw.fif"
    if not path.exists():
        save_recording(path, recording(120, seed=2))
    return path


def bank(names=NAMES):
    vectors = np.random.default_rng(0).normal(size=(len(names), 4)).astype(np.float32)
    return Bank(names, vectors, BankKey(vision_model="made up", weights="-"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two bundles, of windows of 0.3 and 0.2 s, one of epochs, a larger bank, and files that are neither."""
    place = tmp_path_factory.mktemp("switching")
    kinds = (("first", 0.3, "continuous"), ("second", 0.2, "continuous"), ("epochs", 0.3, "epoch"))
    for name, tmax, mode in kinds:
        config = ExperimentConfig.model_validate(
            {
                "name": name,
                "data": {"reader": "none"},
                "preprocess": {"channels": CHANNELS, "sfreq": RATE, "tmax": tmax, "lowpass": 40.0, "mode": mode},
                "targets": {"kind": "text"},
                "decoder": {"name": "ridge"},
                "evaluation": {"protocol": "closed-set"},
            }
        )
        trials = cut_trials([recording(seed=1)], config.preprocess, config.events, NAMES)
        save_bundle(place / name, train(trials, bank(), config))
    save_bank(place / "larger.safetensors", bank((*NAMES, "third", "fourth")))
    other = replace(bank(), key=BankKey(vision_model="another", weights="-"))
    save_bank(place / "other.safetensors", other)
    (place / "bank.txt").write_text("no bank")
    return place


class Held(ArraySource):
    """Waits when half of it has been played, until it is let go."""

    def __init__(self, played):
        super().__init__(played, chunk=EVERY, clock=lsl_clock)
        self.half, self.go, self.left = threading.Event(), threading.Event(), len(played.data) // EVERY // 2

    def pull(self, timeout, *_):
        self.left -= 1
        if self.left == 0:
            self.half.set()
            self.go.wait(60)
        return super().pull(timeout)


class Kept:
    dropped = 0
    trouble = ""

    def __init__(self):
        self.decisions = []

    def put(self, decision):
        self.decisions.append(decision)

    def close(self):
        pass


@pytest.fixture
def running(folder, tmp_path, request):
    """A session with the first bundle that has come to the middle of its recording, and what it decided."""
    options = Live(bundle=folder / "first", **getattr(request, "param", {}))
    bundle, own = load_whole(options.bundle, None)
    decoder, source, kept = load_decoder(bundle, own), Held(recording()), Kept()
    epocher = make_epocher(bundle, decoder, source.spec, lsl_clock)
    channels = mind_channels("ignore", epocher)
    opened = Opened(
        folder / "first", bundle, own, decoder, None, None, source, epocher, None, channels, None, (), None
    )
    session = Session(source, epocher, decoder, [kept], lsl_clock, queue=1000)
    about = describe(options, opened, tmp_path, seen=False)
    viewed = LocalSession(session, about, History(RATE, 3), None, None, gallery_reader(opened))
    session.start()
    assert source.half.wait(60)
    yield switchable(viewed, options, opened), source, kept
    source.go.set()
    session.finish()


def ended(viewed, source):
    source.go.set()
    assert viewed.session.wait(60)
    return viewed.session.finish()


def test_another_bundle_decodes_from_now_on(running, folder):
    before, source, kept = running
    after = before.switch(folder / "second" / "bundle.json")
    summary = ended(after, source)
    models = [each.decoder.model for each in kept.decisions]
    n = models.index(after.about.decoder.model)
    assert 0 < n < len(models) == 40
    assert set(models[:n]) == {before.about.decoder.model}
    assert set(models[n:]) == {after.about.decoder.model}
    assert (after.about.first, after.about.window) == (n, (0.0, 0.2))
    assert len(after.snapshot().decided) == 40 - n
    assert [each["model"] for each in summary["decoders"]] == [models[0], models[-1]]
    assert summary["top1"] > 0.9


@pytest.mark.parametrize("running", [{"accept_mismatch": True}], indirect=True)
def test_a_bundle_of_epochs_that_is_accepted_is_told_of_while_it_decodes(running, folder, caplog):
    before, source, _ = running
    mismatched = before.switch(folder / "epochs")
    again = mismatched.switch(folder / "first")
    assert (before.about.mismatch, mismatched.about.mismatch, again.about.mismatch) == (None, MISMATCH, None)
    assert MISMATCH in caplog.text
    assert ended(again, source)["mismatch"] == MISMATCH


def test_a_persons_calibration_is_put_to_work_and_taken_out_again(running, folder):
    made = recording_file(folder)
    assert calibrate([str(folder / "first"), "--file", str(made), "--labelled", "--person", "P07"]) == 0
    (artefact,) = (folder / "first" / "calibrations").iterdir()
    before, source, kept = running
    calibrated = before.switch(artefact / "calibration.json")
    assert calibrated.about.decoder.calibration == artefact.name
    assert calibrated.about.decoder.model == before.about.decoder.model
    summary = ended(calibrated, source)
    assert {each.decoder.calibration for each in kept.decisions} == {None, artefact.name}
    assert len(kept.decisions) == 40
    assert summary["top1"] > 0.9
    assert calibrated.switch(folder / "first").about.decoder.calibration is None


def test_another_bank_is_ranked_by_the_same_bundle_and_back_again(running, folder):
    before, source, kept = running
    larger = before.switch(folder / "larger.safetensors")
    assert larger.about.concepts == (*NAMES, "third", "fourth")
    assert larger.about.decoder.model == before.about.decoder.model
    again = larger.switch(folder / "first")
    ended(again, source)
    assert again.about.decoder == before.about.decoder
    assert {each.ranking.n_concepts for each in kept.decisions} == {
        2
    }  # nothing was shown between the two switches
    assert len(kept.decisions) == 40


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("other.safetensors", "the bank does not fit the decoder: vision_model"),
        ("bank.txt", "bank.txt"),
        (".", "has none"),
        ("third/bundle.json", "has none"),
        ("epochs/bundle.json", "trained on data that exist only as epochs.*--accept-mismatch"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line_and_nothing_changes(running, folder, file, why):
    viewed, source, kept = running
    with pytest.raises(BciError, match=why) as error:
        viewed.switch(folder / file)
    assert "\n" not in str(error.value)
    assert "decoders" not in ended(viewed, source)
    assert len(kept.decisions) == 40
