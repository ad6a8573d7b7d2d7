"""Training of a reconstruction: two-phase steps by Adam, resumable bit for bit, with sheets of samples on the way.

Adam: Kingma and Ba 2015, arXiv:1412.6980, with the first moment's decay of DCGAN (Radford et al. 2016). Precision
and device are Lightning Fabric's. Whatever is random is drawn from (seed, pass) or (seed, step).
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator as Random
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (its usual name)

from bci.errors import BciError, ConfigError
from models.aligner import state_arrays
from models.checkpoint import Checkpoint, Keeper, flat_state, nested_state
from models.devices import launch, processes
from models.progress import OnProgress, Progress, silent
from models.reconstruction.config import ReconstructionConfig
from models.reconstruction.curve import add_to_curve, trim_curve
from models.reconstruction.input_spec import MODELS
from models.reconstruction.networks import build_networks
from models.reconstruction.pairs import Ints, Pairs, as_pictures, as_tensor
from models.reconstruction.semantic import Semantic, load_semantic
from models.reconstruction.sheets import save_samples
from models.reconstruction.step import Batch, TwoPhaseStep
from models.reconstruction.store import LOGS, VISUALIZATIONS, Reconstruction, save_reconstruction

__all__ = ["Training", "train_reconstruction"]

BETAS = (0.5, 0.999)
REPORT_EVERY = 10
SAMPLES = 8
"""Trials on a sheet of samples."""
VALIDATED = 256
"""Trials of left-out concepts, at most, that the learning curve is drawn for."""


def train_reconstruction(
    config: ReconstructionConfig, pairs: Pairs, folder: Path, report: OnProgress = silent
) -> Reconstruction:
    """Train a reconstruction in a folder, from its checkpoint if there is one, and write it there.

    Parameters
    ----------
    config
        What to train.
    pairs
        Training trials; a share of their concepts is left out for the learning curve.
    folder
        For `models/`, `visualizations/` and `logs/`.
    report
        Told how far it is.

    Raises
    ------
    ConfigError
        If networks and data do not fit, weights of the semantic loss are not named, or processes are several.
    MismatchError
        If the checkpoint belongs to another training.
    BciError
        If training diverged.
    """
    for name in (MODELS, VISUALIZATIONS, LOGS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    training = Training(config, pairs)
    training.run(folder, report)
    result = training.result()
    save_reconstruction(folder, result)
    return result


class Training:
    """A reconstruction on its way.

    Parameters
    ----------
    config, pairs
        What to train, on which trials.
    """

    def __init__(self, config: ReconstructionConfig, pairs: Pairs) -> None:
        if processes() > 1:
            raise ConfigError("bci reconstruct trains in one process: start it without torchrun")
        settings = self._settings = config.train
        self._config, self._pairs = config, pairs
        self._train, left_out = pairs.split(config.data.validation, settings.seed)
        self._left_out = left_out.trials()
        if len(self._train) < 2:
            raise ConfigError(f"expected at least 2 trials to train on, got {len(self._train)}")
        self._fabric = launch(settings.precision)
        self._device = self._fabric.device
        with torch.random.fork_rng():
            torch.manual_seed(settings.seed)
            self._networks = build_networks(config, pairs.spec).to(self._device).train()
        self._semantic = self._load_semantic()
        self._optimisers = self._make_optimisers()
        self._step = TwoPhaseStep(
            self._networks, self._semantic, config.weights, self._optimisers, self._fabric.backward
        )

    def _load_semantic(self) -> Semantic | None:
        return load_semantic(self._config.semantic).to(self._device) if self._config.weights.semantic else None

    def _make_optimisers(self) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
        nets = self._networks
        generating = [*nets.encoder.parameters(), *nets.generator.parameters()]
        kinds = [
            torch.optim.Adam(parameters, lr=self._settings.lr, betas=BETAS)
            for parameters in (nets.discriminator.parameters(), generating)
        ]
        return self._fabric.setup_optimizers(*kinds)  # type: ignore[return-value]

    def run(self, folder: Path, report: OnProgress = silent) -> None:
        """Train to the end of the last pass, keeping checkpoint, curve and sheets in a folder."""
        settings = self._config.train
        keeper = Keeper(folder / MODELS / "checkpoint", self._identity(), settings.checkpoint_every)
        first = self._restore(keeper)
        trim_curve(folder, first)
        for number in range(first, settings.epochs):
            losses = self._pass(number, report)
            add_to_curve(folder, number + 1, losses | self._validate())
            if settings.sheet_every and (number + 1) % settings.sheet_every == 0:
                self._draw(folder / VISUALIZATIONS / f"epoch-{number + 1:03}.png")
            if keeper.due(number + 1, settings.epochs):
                keeper.keep(self._state(number + 1))

    def result(self) -> Reconstruction:
        """Return what training came to."""
        card = {
            **self._pairs.about,
            "n_trials": len(self._train.trials()),
            "n_vectors": len(self._train) - len(self._train.trials()),
            "n_pictures": len(np.unique(self._train.shown)),
            "n_concepts": len(np.unique(self._train.concepts)),
            "n_validation_concepts": len(np.unique(self._left_out.concepts)),
            "selection": f"fixed: last of {self._settings.epochs} epochs",
            "semantic": self._semantic and {"model": self._semantic.name, "weights": self._semantic.weights_hash},
        }
        return Reconstruction(self._config, self._pairs.spec, state_arrays(self._networks), card)

    @property
    def device(self) -> torch.device:
        """Where it trains."""
        return self._device

    @property
    def n_parameters(self) -> int:
        """Of all three networks."""
        return sum(parameter.numel() for parameter in self._networks.parameters())

    # ------------------------------------------------------------------------------------------------- one pass

    def _pass(self, number: int, report: OnProgress) -> dict[str, float]:
        """Take the steps of one pass; return its mean losses."""
        batches = self._batches(number)
        n_all, first = self._settings.epochs * len(batches), number * len(batches)
        sums: dict[str, Tensor] = {}
        with torch.random.fork_rng():
            for step, rows in enumerate(batches, start=first):
                told = self.take(step, rows)
                sums = {name: sums.get(name, 0) + value for name, value in told.items()}
                if (step + 1) % REPORT_EVERY == 0 or step + 1 == n_all:
                    report(Progress(step + 1, n_all, float(told["l1"])))
        means = {name: float(value) / len(batches) for name, value in sums.items()}
        if not np.isfinite(list(means.values())).all():
            raise BciError(f"training diverged, losses are {means}: try a train.lr below {self._settings.lr:g}")
        return means

    def _batches(self, number: int) -> list[Ints]:
        """Rows of each step of a pass: every trial once, in random order, batches of about one size."""
        order = np.random.default_rng((self._settings.seed, number)).permutation(len(self._train))
        n_batches = min(-(-len(order) // self._settings.batch), len(order) // 2)
        return np.array_split(order, n_batches)

    def take(self, step: int, rows: Ints) -> dict[str, Tensor]:
        """Take one step on some training trials (B,); return its losses by name."""
        seed = int(np.random.SeedSequence((self._settings.seed, step)).generate_state(1)[0])
        torch.manual_seed(seed)  # dropout
        noise = torch.randn(len(rows), self._config.encoder.latent, generator=Random().manual_seed(seed))
        inputs, pictures = self._read(self._train, rows)
        with self._fabric.autocast():
            return self._step(Batch(inputs, pictures, noise.to(self._device)))

    def _read(self, pairs: Pairs, rows: Ints) -> tuple[Tensor, Tensor]:
        """Return inputs (B, ...) and pictures (B, 3, side, side) on the device."""
        inputs = torch.from_numpy(np.require(pairs.inputs(rows), requirements=["C", "W"]))
        pictures = as_tensor(pairs.pictures(pairs.shown[rows], self._config.generator.side))
        return inputs.to(self._device), pictures.to(self._device)

    # -------------------------------------------------------------------------------------- what left-out ones say

    def _validate(self) -> dict[str, float]:
        """Return the mean absolute difference of pixels for concepts that are not trained on, if there are any."""
        n = len(self._left_out)
        if not n:
            return {}
        spread = np.linspace(0, n - 1, min(n, VALIDATED))
        told = [(len(rows), self._distance(rows)) for rows in self._parts(spread)]
        return {"validation_l1": sum(size * value for size, value in told) / sum(size for size, _ in told)}

    def _parts(self, places: np.ndarray[Any, np.dtype[np.float64]]) -> Iterator[Ints]:
        rows = places.astype(np.int64)
        for first in range(0, len(rows), self._settings.batch):
            yield rows[first : first + self._settings.batch]

    def _distance(self, rows: Ints) -> float:
        inputs, pictures = self._read(self._left_out, rows)
        return float(F.l1_loss(self._generated(inputs), pictures))

    def _generated(self, inputs: Tensor) -> Tensor:
        """Generate from the mean of the posterior, (B, 3, side, side)."""
        self._networks.eval()
        with torch.inference_mode(), self._fabric.autocast():
            pictures = self._networks.generator(self._networks.encoder(inputs).mean)
        self._networks.train()
        return pictures.float()  # type: ignore[no-any-return]

    def _draw(self, path: Path) -> None:
        pairs = self._left_out if len(self._left_out) else self._train.trials()
        rows = np.linspace(0, len(pairs) - 1, min(SAMPLES, len(pairs))).astype(np.int64)
        inputs, pictures = self._read(pairs, rows)
        save_samples(path, as_pictures(pictures), as_pictures(self._generated(inputs)))

    # ------------------------------------------------------------------------------------------------- checkpoints

    def _identity(self) -> str:
        """Name what is trained on what."""
        digest = hashlib.sha256(self._config.model_dump_json(exclude={"name", "title", "judge"}).encode())
        some = np.unique([0, len(self._train) // 2, len(self._train) - 1])
        for array in (self._train.shown, self._train.owner, self._train.inputs(some)):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def _state(self, passes: int) -> Checkpoint:
        states = {"networks": self._networks.state_dict()}
        for name, optimiser in zip(("discriminating", "generating"), self._optimisers, strict=True):
            states[name] = flat_state(optimiser.state_dict()["state"])
        states["precision"] = {k: torch.tensor(v) for k, v in self._fabric.strategy.precision.state_dict().items()}
        named = ((f"{part}/{name}", tensor) for part, state in states.items() for name, tensor in state.items())
        return Checkpoint(passes, {name: tensor.cpu().numpy() for name, tensor in named})

    def _restore(self, keeper: Keeper) -> int:
        """Put the state of a checkpoint back; return how many passes are done."""
        found = keeper.find()
        if found is None:
            return 0
        states: dict[str, dict[str, Tensor]] = {}
        for name, array in found.tensors.items():
            part, _, key = name.partition("/")
            states.setdefault(part, {})[key] = torch.from_numpy(np.array(array))
        self._networks.load_state_dict(states["networks"])
        for name, optimiser in zip(("discriminating", "generating"), self._optimisers, strict=True):
            state = nested_state(states.get(name, {}))
            optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
        if scaler := states.get("precision"):
            self._fabric.strategy.precision.load_state_dict({k: v.item() for k, v in scaler.items()})
        return found.passes
