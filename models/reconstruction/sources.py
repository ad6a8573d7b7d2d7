"""Where pairs of EEG and pictures come from: a trained bundle, an experiment, or a folder of `bci pair`."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bci.config import expand, load_config
from bci.preprocess import scale_epochs
from models.bundle import load_bundle
from models.config import ExperimentConfig
from models.data import load_bank_of, load_test_trials, load_trials
from models.reconstruction.config import DataConfig, ReconstructionConfig
from models.reconstruction.embedded import embedded_pairs
from models.reconstruction.input_spec import InputSpec
from models.reconstruction.paired_folder import paired_folder
from models.reconstruction.pairs import Ints, Pairs
from models.reconstruction.showing import pair_trials, shown_pictures, with_events
from models.training_set import training_set

__all__ = ["Data", "load_data", "some_trials"]


@dataclass(frozen=True, slots=True)
class Data:
    """What a reconstruction is trained on, and what it is judged on."""

    train: Pairs
    test: Pairs


def load_data(config: ReconstructionConfig) -> Data:
    """Read both parts of the data of a reconstruction.

    Raises
    ------
    ConfigError
        If the config does not say where pictures lie.
    MismatchError
        If trials do not know which picture they showed, or pictures do not fit them.
    FormatError
        If a file is missing or damaged.
    """
    data = config.data
    if data.pairs:
        folder = Path(expand(data.pairs))
        return Data(paired_folder(folder, "train", data.array), paired_folder(folder, "test", data.array))
    if data.bundle:
        return Data(*embedded_pairs(load_bundle(Path(expand(data.bundle))), data))
    return _of_experiment(load_config(ExperimentConfig, data.experiment), data)


def some_trials(data: Data, n: int) -> Data:
    """Return the data with at most `n` test trials, evenly spaced."""
    rows = np.linspace(0, len(data.test) - 1, min(n, len(data.test))).astype(np.int64)
    return replace(data, test=data.test.part(rows))


def _of_experiment(experiment: ExperimentConfig, data: DataConfig) -> Data:
    experiment = with_events(experiment, data.events)
    trials = load_trials(experiment, [Path(expand(path)) for path in data.paths])
    trained, tested = training_set(trials, load_bank_of(experiment), experiment), load_test_trials(experiment)
    spec = experiment.preprocess
    what = InputSpec((len(spec.channels), spec.n_times), spec.sfreq, spec.channels)

    def test_epochs(rows: Ints) -> NDArray[np.float32]:
        return scale_epochs(np.asarray(tested.data[rows], np.float32), spec, trained.whitening)

    shown = shown_pictures(experiment, data, "train"), shown_pictures(experiment, data, "test")
    return Data(
        pair_trials(what, trained.epochs, trials, trained.kept, shown[0]),
        pair_trials(what, test_epochs, tested, np.arange(len(tested)), shown[1]),
    )
