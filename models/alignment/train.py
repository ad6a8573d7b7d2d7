"""Training on pairs, up to the pass that validation chooses.

Which pairs make a batch is drawn from (seed, pass), dropout and who is asked by fMRI from (seed, step): a training
resumes bit for bit.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor

from bci.errors import BciError, ConfigError, MismatchError
from models.aligner import load_state, state_arrays
from models.alignment.config import AlignmentConfig
from models.alignment.losses import AlignmentLoss, Parts
from models.alignment.model import build_model
from models.alignment.optimiser import build_optimiser, set_rates
from models.alignment.pairs import Pairs
from models.alignment.passes import Passes, recalled
from models.alignment.source import CONCEPTS, MARKERS
from models.alignment.targets import cluster_prototypes, fit_targets
from models.alignment.trained import Trained
from models.alignment.validation import validate
from models.checkpoint import Checkpoint, Keeper, flat_state, nested_state
from models.devices import launch, processes
from models.progress import OnProgress, Progress, silent
from models.whitening import fit_whitening

__all__ = ["Board", "Training", "train"]


class Board(Protocol):
    """Shows figures while a training runs; `torch.utils.tensorboard.SummaryWriter` is one."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Show one figure of one pass."""
        ...


def train(
    pairs: Pairs,
    config: AlignmentConfig,
    *,
    report: OnProgress = silent,
    checkpoints: Path | None = None,
    board: Board | None = None,
) -> Trained:
    """Train a model on the training part; the validation part chooses the pass, the test part is not looked at.

    Parameters
    ----------
    pairs
        All parts.
    config
        The alignment; bit-equal weights from the same config and pairs on one CPU.
    report
        Told every few steps how far it is.
    checkpoints
        Folder in which the training is kept and from which it goes on; None keeps none.
    board
        Shown every figure of every pass.

    Raises
    ------
    ConfigError
        If it runs in several processes, or the model cannot be built.
    MismatchError
        If there are fewer than two pairs to train on, or none to validate.
    BciError
        If training diverged.
    """
    if processes() > 1:
        raise ConfigError("alignment trains in one process: start it without torchrun")
    parts = pairs.part_of("train"), pairs.part_of("validation")
    if len(parts[0]) < 2 or not len(parts[1]):
        raise MismatchError(
            f"expected at least 2 pairs to train on and 1 to validate, got {len(parts[0])} and {len(parts[1])}"
        )
    keeper = None
    if checkpoints is not None:
        keeper = Keeper(checkpoints, fingerprint(pairs, config), config.train.checkpoint_every)
    return Training(config, *parts, launch(config.train.precision)).run(report, keeper, board)


def fingerprint(pairs: Pairs, config: AlignmentConfig) -> str:
    """Name a training by the SHA-256 of all that decides what comes out of it."""
    digest = hashlib.sha256(config.model_dump_json(exclude={"name", "title"}).encode())
    some = np.unique([0, len(pairs) // 2, len(pairs) - 1])
    arrays = (pairs.part, pairs.cluster, pairs.eeg_picture, pairs.fmri_picture, pairs.eeg[some], pairs.fmri[some])
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


class Training:
    """One model on its way.

    Parameters
    ----------
    config
        What to do.
    train, validation
        Pairs of these parts.
    fabric
        On which device.
    """

    def __init__(self, config: AlignmentConfig, train: Pairs, validation: Pairs, fabric: Fabric) -> None:
        self._config, self._settings = config, config.train
        self._train, self._validation = train, validation
        self._fabric = fabric
        self._targets = fit_targets(train)
        prototypes = torch.from_numpy(np.array(cluster_prototypes(train, self._targets)))
        self._loss = AlignmentLoss(config.loss, prototypes.to(fabric.device))
        with torch.random.fork_rng(devices=_cuda(fabric)):
            torch.manual_seed(self._settings.seed)
            self.model = build_model(config.model, train)
        if self.model.eeg.whitening is not None:
            matrix = fit_whitening(train.eeg, "ledoit-wolf")  # type: ignore[arg-type]  # it reads some rows
            self.model.eeg.whitening.copy_(torch.from_numpy(matrix))
        self._wrapped, self._optimiser = fabric.setup(self.model, build_optimiser(self.model, self._settings))
        self._n_steps = max(1, len(train) // self._settings.batch)
        self._passes = Passes()

    def run(self, report: OnProgress, keeper: Keeper | None, board: Board | None) -> Trained:
        """Train from the last checkpoint, or from the start, to the end."""
        passes, first = self._settings.epochs, self._restore(keeper)
        with torch.random.fork_rng(devices=_cuda(self._fabric)):
            for number in range(first, passes):
                losses = self._pass(number, report)
                self._check(number, losses)
                figures = dict(sorted((losses | self._validated()).items()))
                self._note(number, figures, board)
                if keeper is not None and keeper.due(number + 1, passes):
                    keeper.keep(self._state(number + 1))
        report(Progress(passes * self._n_steps, passes * self._n_steps))
        return self._finished()

    # ------------------------------------------------------------------------------------------------- one pass

    def _pass(self, number: int, report: OnProgress) -> dict[str, float]:
        """Take the steps of one pass over the training pairs; return its mean losses."""
        self.model.train()
        sums: dict[str, float] = {}
        for step, rows in enumerate(self._batches(number), start=number * self._n_steps):
            losses = self.step(step, rows)
            for name, loss in losses.items():
                sums[name] = sums.get(name, 0.0) + float(loss)
            report(Progress(step + 1, self._settings.epochs * self._n_steps, float(losses["loss"])))
        return {f"train/{name}": total / self._n_steps for name, total in sums.items()}

    def _batches(self, number: int) -> Iterator[NDArray[np.int64]]:
        """Rows of each batch of a pass, in a new order; the last few pairs of the order wait for another pass."""
        size = min(self._settings.batch, len(self._train))
        order = np.random.default_rng((self._settings.seed, number)).permutation(len(self._train))
        for step in range(self._n_steps):
            yield np.sort(order[step * size : (step + 1) * size])  # read from disk in its order

    def step(self, step: int, rows: NDArray[np.int64]) -> Parts:
        """Take the step of this number with these training pairs; return its losses and their sum, `loss`."""
        set_rates(self._optimiser, step, self._settings.epochs * self._n_steps)
        torch.manual_seed(_step_seed(self._settings.seed, step))
        epochs, fmri = self._on_device(rows)
        asked = torch.rand(len(rows), device=self._fabric.device) < self._settings.fmri_queries
        aligned = self._wrapped(epochs, fmri, asked).float()
        parts = self._loss.parts(aligned, fmri, self._same(rows))
        total = self._loss.total(parts)
        self._optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(total)
        # in half precision single steps may overflow, and are left out; what lasts is found at the end of the pass
        self._fabric.clip_gradients(
            self._wrapped, self._optimiser, max_norm=self._settings.clip, error_if_nonfinite=False
        )
        self._optimiser.step()
        return {name: loss.detach() for name, loss in parts.items()} | {"loss": total.detach()}

    def _on_device(self, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        arrays = np.asarray(self._train.eeg[rows]), self._targets(np.asarray(self._train.fmri[rows]))
        epochs, fmri = (
            torch.from_numpy(np.array(each)).to(self._fabric.device, non_blocking=True) for each in arrays
        )
        return epochs, fmri

    def _same(self, rows: NDArray[np.int64]) -> Tensor:
        """(B, B) bool: pairs that share a picture of either set."""
        pictures = self._train.eeg_picture[rows], self._train.fmri_picture[rows]
        same = np.logical_or.reduce([np.equal.outer(each, each) for each in pictures])
        return torch.from_numpy(same).to(self._fabric.device)

    # ------------------------------------------------------------------------------------------------ validation

    def _check(self, number: int, losses: dict[str, float]) -> None:
        finite = (bool(parameter.isfinite().all()) for parameter in self.model.parameters())
        if not all(map(math.isfinite, losses.values())) or not all(finite):
            raise BciError(
                f"training diverged in pass {number + 1}, losses or weights are NaN or infinite: try a train.lr "
                f"below {self._settings.lr:g}"
            )

    def _validated(self) -> dict[str, float]:
        return validate(self.model.eval(), self._validation, self._targets, self._fabric.device)

    def _note(self, number: int, figures: dict[str, float], board: Board | None) -> None:
        """Keep the figures of a pass, and its weights if it is the best so far."""
        self._passes.note(figures, state_arrays(self.model) if self._passes.is_best(figures) else None)
        if board is not None:
            for name, value in figures.items():
                board.add_scalar(name, value, number + 1)

    def _finished(self) -> Trained:
        return Trained(
            config=self._config,
            weights=self._passes.weights,
            targets=self._targets,
            channels=self._train.channels,
            n_times=self._train.eeg.shape[2],
            sfreq=self._train.sfreq,
            chosen=self._passes.chosen,
            history=tuple(self._passes.history),
            facts={name: fact for name, fact in self._train.facts.items() if name not in (CONCEPTS, MARKERS)},
        )

    # ----------------------------------------------------------------------------------------------- checkpoints

    def _state(self, passes: int) -> Checkpoint:
        scaler = self._fabric.strategy.precision.state_dict()
        states: dict[str, Mapping[str, NDArray[Any]]] = {
            "model": state_arrays(self.model),
            "optimiser": _arrays(flat_state(self._optimiser.state_dict()["state"])),
            "best": self._passes.weights,
            "history": self._passes.columns(),
            "precision": {name: np.array(value) for name, value in scaler.items()},
        }
        named = ((f"{part}/{name}", array) for part, state in states.items() for name, array in state.items())
        return Checkpoint(passes, dict(named))

    def _restore(self, keeper: Keeper | None) -> int:
        """Put the state of a checkpoint back; return how many passes are done."""
        found = keeper and keeper.find()
        if not found:
            return 0
        states: dict[str, dict[str, NDArray[Any]]] = {}
        for name, array in found.tensors.items():
            part, _, key = name.partition("/")
            states.setdefault(part, {})[key] = array
        load_state(self.model, states["model"])
        optimiser = {name: torch.from_numpy(np.array(array)) for name, array in states["optimiser"].items()}
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": nested_state(optimiser)})
        if scaler := states.get("precision"):
            self._fabric.strategy.precision.load_state_dict({name: a.item() for name, a in scaler.items()})
        self._passes = recalled(states["history"], states["best"], found.passes)
        return found.passes


def _step_seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def _cuda(fabric: Fabric) -> list[torch.device]:
    return [fabric.device] if fabric.device.type == "cuda" else []
