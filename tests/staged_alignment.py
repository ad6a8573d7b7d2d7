"""THINGS-EEG2 of one person and NSD of another one, small, in exactly the forms that both are published in.

SYNTHETIC: pictures are vectors round their concepts. The EEG after an onset and the responses of the scanner are
linear maps of the vector in noise, so that EEG of one picture tells of the fMRI of another one that is like it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from recorded_files import write_things_raw

from bci.bank import Bank, BankKey, save_bank
from bci.config import load_config
from models.config import ExperimentConfig
from replay.nsd.folder import NsdFolder
from replay.nsd.presentations import REPETITIONS, TRIALS
from replay.nsd.stimuli import picture_name
from replay.nsd.writer import write_mask, write_presentations, write_session, write_stimuli

KEY = BankKey(vision_model="ViT-B-32/openai", weights="none", normalisation="unit")
RATE, SOA = 1000, 200
"""Of the amplifier, Hz, and samples from one picture to the next, as in THINGS-EEG2."""
REST = 500
"""Samples before the first picture."""
TARGET = 99999
NOISE, RESPONSE = 20.0, 6.0
"""Microvolts: sd of the noise of every sample, and of a response at its peak."""
DELAY, LASTS = 80, 120
"""Samples from the onset to a response, and its length: it ends before the next picture's begins."""


@dataclass(frozen=True)
class Staged:
    """Two people and what they saw.

    Parameters
    ----------
    concepts, each
        Of the pictures that were shown with EEG, and how many there are of each.
    dim
        Length of the pictures' vectors.
    sessions
        In the scanner, of 250 pictures each.
    voxels
        That answer.
    """

    concepts: int = 20
    each: int = 6
    dim: int = 8
    sessions: int = 1
    voxels: int = 24

    @property
    def pictures(self):
        return self.concepts * self.each

    @cached_property
    def _rng(self):
        return np.random.default_rng(0)

    @cached_property
    def _centres(self):
        return self._rng.normal(size=(self.concepts, self.dim))

    @cached_property
    def vectors(self):
        """Of the pictures that were shown with EEG, those of a concept in a row."""
        return self._round(np.repeat(np.arange(self.concepts), self.each))

    @cached_property
    def _topographies(self):
        return RESPONSE / self.dim**0.5 * self._rng.normal(size=(self.dim, 63))

    def _round(self, concepts):
        return self._centres[concepts] + 0.3 * self._rng.normal(size=(len(concepts), self.dim))

    # -------------------------------------------------------------------------------------------- THINGS-EEG2

    def names(self):
        return tuple(f"concept{number}" for number in range(self.concepts))

    def write_things(self, root):
        """Two sessions, the folders of the pictures, and their bank."""
        for session in (1, 2):
            self.record(root, session, self._rng.permutation(self.pictures))
        names = self.names()
        for picture in range(self.pictures):
            concept, nth = divmod(picture, self.each)
            folder = root / f"things-eeg2/images/training_images/{concept + 1:05d}_{names[concept]}"
            folder.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 10), (picture % 256, 0, 0)).save(folder / f"{names[concept]}_{nth:02d}b.jpg")
        owner = np.repeat(np.arange(self.concepts), self.each)
        images = self.vectors.astype(np.float32)
        prototypes = np.stack([images[owner == concept].mean(axis=0) for concept in range(self.concepts)])
        bank = Bank(names, prototypes, KEY, (), images, owner)
        save_bank(root / "things-eeg2-banks/vit_b32_training.safetensors", bank)

    def record(self, root, session, order):
        """Record a session that shows pictures in this order, and at last a target; return its file."""
        labels = load_config(ExperimentConfig, "things-eeg2-200hz").preprocess.channels
        onsets = REST + SOA * np.arange(len(order))
        words = np.zeros(onsets[-1] + SOA + 2 * RATE)
        words[onsets], words[onsets[-1] + SOA] = np.asarray(order) + 1, TARGET
        microvolts = self._rng.normal(0, NOISE, (len(words), 63))
        course = np.hanning(LASTS)[:, np.newaxis]
        for onset, response in zip(onsets, self.vectors[order] @ self._topographies, strict=True):
            microvolts[onset + DELAY : onset + DELAY + LASTS] += course * response
        path = root / f"things-eeg2/raw_data/sub-01/ses-0{session}/raw_eeg_training.npy"
        return write_things_raw(path, microvolts, words, labels, RATE)

    # ---------------------------------------------------------------------------------------------------- NSD

    def write_nsd(self, root):
        """All sessions; 50 of the pictures were not seen, 10 of these were embedded all the same."""
        folder, rng = NsdFolder(root / "nsd", 1), self._rng
        mask = np.zeros((5, 6, 7), bool)
        mask.flat[rng.choice(mask.size, self.voxels, replace=False)] = True
        write_mask(folder, mask)
        n_seen = self.sessions * TRIALS // REPETITIONS
        seen = np.sort(rng.choice(n_seen + 50, n_seen, replace=False))
        trials = rng.permutation(self.sessions * TRIALS).reshape(-1, REPETITIONS)
        write_presentations(folder, n_seen + 50, list(zip(seen.tolist(), trials.tolist(), strict=True)))
        vectors = self._round(rng.integers(self.concepts, size=n_seen + 10))
        answers = np.repeat(vectors[:n_seen] @ rng.normal(size=(self.dim, self.voxels)), REPETITIONS, axis=0)
        responses = np.empty((trials.size, self.voxels))
        responses[trials.ravel()] = 1 + answers + 2 * rng.normal(size=answers.shape)
        for session, shown in enumerate(np.split(responses, self.sessions), 1):
            write_session(folder, session, shown.astype(np.float32), mask)
        write_stimuli(folder.stimuli, np.full((n_seen + 50, 16, 16, 3), 9, np.uint8), n_seen + 50, 16)
        unseen = sorted(set(range(n_seen + 50)) - set(seen.tolist()))[:10]
        names = tuple(picture_name(picture) for picture in [*seen.tolist(), *unseen])
        bank = Bank(names, vectors.astype(np.float32), KEY.model_copy(update={"kind": "image"}))
        save_bank(root / "nsd-banks/vit_b32.safetensors", bank)

    def write_mindeye2(self, root):
        """The checkpoint whose ridge brings voxels to 4,096 dimensions; this one means nothing."""
        weights = self._rng.normal(size=(4096, self.voxels)), self._rng.normal(size=4096)
        weight, bias = (torch.from_numpy(each.astype(np.float32)) for each in weights)
        state = {"ridge.linears.0.weight": weight, "ridge.linears.0.bias": bias}
        path = root / "mindeye2/subj01/last.pth"
        path.parent.mkdir(parents=True)
        torch.save({"model_state_dict": state, "epoch": 149}, path)


def stage(root, **sizes):
    """Write everything that the config `eeg-fmri` reads below `root`, which is then `BCI_DATA`."""
    staged = Staged(**sizes)
    for banks in ("things-eeg2-banks", "nsd-banks"):
        (root / banks).mkdir(parents=True)
    staged.write_things(root)
    staged.write_nsd(root)
    staged.write_mindeye2(root)
    return staged
