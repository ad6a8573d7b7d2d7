"""People whom no decoder knows, heard from an EPOC and an actiCHamp: calibrated and decoded, all by commands."""

import json
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tomli_w

from bci.array_source import ArraySource
from bci.bank import load_bank, save_bank
from bci.clock import VirtualClock
from bci.offline import decode_all
from bci.types import Recording
from models.bundle import load_bundle
from models.calibration.applied import apply
from models.calibration.artefact import find
from models.epocher import make_epocher
from models.runtime import load_decoder
from replay.recording_file import save_recording
from replay.world import load_world

pytestmark = [pytest.mark.lsl, pytest.mark.slow, pytest.mark.timeout(1200)]

PERSON = 101
FEWER = ["--data.subjects", "1", "2", "3", "4", "--data.options.events", "1500"]


@dataclass(frozen=True)
class Setup:
    """How one device is used: by which experiment, how fast it plays, how long it takes."""

    experiment: str
    world: str
    device: str
    stream: str
    speed: int
    minutes: int
    method: str
    n_events: int
    training: tuple = ()
    paired: bool = False


EPOC = Setup("people-epoc", "epoc", "emotivpro", "EmotivDataStream-EEG-", 20, 10, "classical", 500)
ACTICHAMP = Setup(
    "people-acticham", "acticham", "acticham", "actiCHamp-", 5, 5, "fine-tune", 400, tuple(FEWER), paired=True
)


def bci(*arguments):
    command = [sys.executable, "-m", "bci", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


class Lab:
    """One person, one device, and the files that are needed for both."""

    def __init__(self, setup: Setup, folder: Path):
        self.setup, self.folder = setup, folder
        self.name = f"{setup.stream}{uuid.uuid4().hex}"
        world = load_world(setup.world, PERSON)
        self.test: Recording = world.record("test", setup.n_events, seed=2)[0]
        n_events = int(60 * setup.minutes / world.spec.presentation.soa)
        save_recording(folder / "calibration_raw.fif", world.record("train", n_events, seed=3)[0])
        save_recording(folder / "test_raw.fif", self.test)
        save_bank(folder / "test.safetensors", world.test_bank)
        self.events = []
        if setup.paired:
            told = {"time_from": f"{self.name}/Markers", "label_from": f"{self.name}-markers", "lock": ["[0-9]+"]}
            (folder / "lab.toml").write_text(tomli_w.dumps(told), encoding="utf-8")
            self.events = ["--events", folder / "lab.toml"]

    def heard(self, recording, command, *arguments):
        """Run a command on the bundle while the device plays a recording."""
        speed = ["--speed", str(self.setup.speed), "--name", self.name]
        line = [sys.executable, "-m", "bci", "replay", str(self.folder / recording), *speed]
        sender = subprocess.Popen(
            [*line, "--device", self.setup.device], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return bci(command, self.folder / "bundle", "--stream", self.name, *self.events, *arguments)
        finally:
            sender.kill()
            sender.wait()

    def decided(self, calibration):
        """Decode the test recording as it is sent; return the lines of its decisions."""
        out = self.folder / f"session-{calibration}"
        where = ["--bank", self.folder / "test.safetensors", "--calibration", calibration, "--out", out]
        self.heard("test_raw.fif", "live", *where, "--until-end", "--headless")
        return [json.loads(line) for line in (out / "decisions.jsonl").read_text(encoding="utf-8").splitlines()]

    def offline(self, calibration):
        """Decode the test recording from its file."""
        bundle = load_bundle(self.folder / "bundle")
        if calibration != "none":
            bundle = apply(bundle, find(self.folder / "bundle", calibration, bundle))
        clock = VirtualClock()
        source = ArraySource(self.test, clock=clock)
        decoder = load_decoder(bundle, load_bank(self.folder / "test.safetensors"))
        return decode_all(source, make_epocher(bundle, decoder, source.spec, clock), decoder, clock)


@pytest.mark.parametrize("setup", [EPOC, ACTICHAMP], ids=["epoc", "acticham"])
def test_an_unknown_person_is_calibrated_and_decoded_over_lsl(setup, tmp_path):
    lab = Lab(setup, tmp_path)
    bci("train", setup.experiment, *setup.training, "--out", tmp_path / "bundle")
    labelled = ["--labelled", "--method", setup.method, "--minutes", setup.minutes, "--force", "--json"]
    made = json.loads(lab.heard("calibration_raw.fif", "calibrate", *labelled, "--person", "P101"))
    assert made["method"] == setup.method
    assert made["events"] >= 0.98 * 60 * setup.minutes / load_world(setup.world).spec.presentation.soa
    accuracy = {}
    for calibration in ("none", "latest"):
        lines, offline = lab.decided(calibration), lab.offline(calibration)
        assert [line["truth"] for line in lines] == [marker for _, marker in lab.test.markers]
        ranks = [line["rank"] for line in lines]
        both = zip(ranks, offline, strict=True)
        decoded = [(rank, decision.ranking.truth_rank) for rank, decision in both if rank is not None]
        assert len(decoded) >= 0.98 * setup.n_events  # a busy computer may drop some
        assert all(ours == theirs for ours, theirs in decoded)
        accuracy[calibration] = np.mean([ours == 0 for ours, _ in decoded])
    assert accuracy["latest"] > accuracy["none"]
