"""The training loop: AdamW over contrastive batches, one network per seed, on one device or on many.

Optimiser: Loshchilov and Hutter 2019, arXiv:1711.05101; linear warm-up and cosine decay of the rate. Under
`torchrun` every process takes its share of each batch; embeddings are gathered before the loss, so that gradients
are those of a single process (Lightning Fabric, DistributedDataParallel). All that is random is drawn from (seed,
pass) or (seed, step), so that a training resumes bit for bit.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from bci.errors import BciError, ConfigError
from models.aligner import Aligner, build_aligner, load_state, state_arrays
from models.augment import augment
from models.batches import Batch, Sampler, make_sampler
from models.checkpoint import Checkpoint, Keeper
from models.config import ExperimentConfig, TrainConfig
from models.devices import launch
from models.feed import Fed, Feed, make_feed
from models.losses import infonce, similarities
from models.optimiser_state import flat, nested
from models.progress import OnProgress, Progress
from models.training_set import TrainingSet

__all__ = ["Training", "train_members"]

REPORT_EVERY = 10
"""Steps between two reports; each waits for the device."""


def train_members(
    data: TrainingSet, config: ExperimentConfig, report: OnProgress, keeper: Keeper | None = None
) -> list[Aligner]:
    """Train one network per seed.

    Parameters
    ----------
    data
        What to train on; bit-equal weights from the same data, config and seed on one CPU.
    config
        The experiment.
    report
        Told every few steps how far it is.
    keeper
        Where checkpoints are kept and found; None keeps none.

    Raises
    ------
    ConfigError
        If loss and data do not fit, or the encoder cannot be built.
    BciError
        If training diverged.
    """
    fabric = launch(config.train.precision)
    sampler, feed = make_sampler(data, config), make_feed(data, fabric.device)
    n_members = config.train.members
    return [
        Training(config, sampler, feed, fabric, config.train.seed + member).run(
            _share(report, member, n_members), keeper and keeper.of(member)
        )
        for member in range(n_members)
    ]


def _share(report: OnProgress, member: int, members: int) -> OnProgress:
    """Report the progress of one member as part of the whole."""

    def tell(progress: Progress) -> None:
        steps = progress.steps
        report(Progress(member * steps + progress.step, members * steps, progress.loss))

    return tell


class Training:
    """One network on its way.

    Parameters
    ----------
    config, sampler, feed, fabric
        What to do, which batches, where epochs come from, on which devices.
    seed
        Of everything that is random.
    start
        Weights to begin with, from `models.aligner.state_arrays`; None draws them.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        sampler: Sampler,
        feed: Feed,
        fabric: Fabric,
        seed: int,
        start: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        self._config = config
        self._settings = config.train
        self._sampler = sampler
        self._feed = feed
        self._fabric = fabric
        self._seed = seed
        self._gallery = _on(fabric.device, sampler.gallery.vectors)
        with torch.random.fork_rng(devices=_cuda(fabric)):
            torch.manual_seed(seed)
            self._model = build_aligner(config, self._gallery.shape[1], trained=start is not None).train()
        if start is not None:
            load_state(self._model, start)
        if self._settings.compile:
            self._model.encoder.compile()
        if fabric.world_size > 1 and fabric.device.type == "cuda":  # on CPUs torch knows no common statistics
            self._model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(self._model)  # type: ignore[no-untyped-call]
        self._wrapped, self._optimiser = fabric.setup(self._model, _optimiser(self._model, self._settings))
        average = get_ema_multi_avg_fn(self._settings.ema)  # type: ignore[no-untyped-call]
        self._ema = AveragedModel(self._model, multi_avg_fn=average) if self._settings.ema else None
        self._generator = Generator(fabric.device)

    def run(self, report: OnProgress, keeper: Keeper | None) -> Aligner:
        """Train from the last checkpoint, or from the start, to the end."""
        n_passes, n_steps = self._settings.epochs, len(self._sampler)
        first, loss = self._restore(keeper), None
        with torch.random.fork_rng(devices=_cuda(self._fabric)), self._compiling():
            for number in range(first, n_passes):
                loss = float(self._pass(number, report))
                if keeper is not None and self._fabric.is_global_zero and keeper.due(number + 1, n_passes):
                    keeper.keep(self._state(number + 1))
        report(Progress(n_passes * n_steps, n_passes * n_steps, loss))
        return self._finished()

    def _compiling(self) -> AbstractContextManager[None]:
        return _compiler_errors() if self._settings.compile else nullcontext()

    def _pass(self, number: int, report: OnProgress) -> Tensor:
        n_steps = self._settings.epochs * len(self._sampler)
        loss = torch.tensor(math.nan)
        first = number * len(self._sampler) + 1
        for step, loss in enumerate(self.steps(number), start=first):
            if step % REPORT_EVERY == 0 and step < n_steps:
                report(Progress(step, n_steps, float(loss)))
        return loss

    def steps(self, number: int) -> Iterator[Tensor]:
        """Take the steps of one pass over the data, and yield the loss () of each."""
        batches = _shares(self._sampler.draw((self._seed, number)), self._fabric)
        for step, fed in enumerate(self._feed.run(batches), start=number * len(self._sampler)):
            yield self._step(step, fed)

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return a copy of the weights as they are."""
        return state_arrays(self._model)

    def _step(self, step: int, fed: Fed) -> Tensor:
        n_steps = self._settings.epochs * len(self._sampler)
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.lr * _rate(step, n_steps, self._settings.warmup)
        seed = _step_seed(self._seed, step, self._fabric.global_rank)
        torch.manual_seed(seed)  # dropout
        self._generator.manual_seed(seed)  # augmentation
        loss = self._loss(fed)
        self._optimiser.zero_grad(set_to_none=True)
        self._fabric.backward(loss)
        self._optimiser.step()
        if self._ema is not None:
            self._ema.update_parameters(self._model)
        return loss.detach()

    def _loss(self, fed: Fed) -> Tensor:
        """Of the whole batch, in every process: each embeds its share."""
        batch, loss = fed.batch, self._config.loss
        sfreq = self._config.preprocess.sfreq
        epochs = augment(fed.epochs, fed.partners, self._settings, sfreq, self._generator)
        vectors = self._gallery[_on(self._fabric.device, batch.candidates)]
        embeddings, pictures, temperature = self._wrapped(epochs, vectors)
        embeddings = _gathered(embeddings.float(), self._fabric)[: len(batch.positive)]
        logits = similarities(embeddings, pictures.float(), temperature, loss.normalise)
        positive, weights = _on(self._fabric.device, batch.positive), _on(self._fabric.device, batch.weights)
        return infonce(logits, positive, weights, symmetric=loss.symmetric)

    def _finished(self) -> Aligner:
        model = self._model if self._ema is None else self._ema.module
        if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
            raise BciError(
                f"training diverged, weights are NaN or infinite: try a train.lr below {self._settings.lr:g}"
            )
        return model.eval()  # type: ignore[return-value]

    def _state(self, passes: int) -> Checkpoint:
        states = {"model": self._model.state_dict(), "optimiser": flat(self._optimiser.state_dict()["state"])}
        if self._ema is not None:
            states["ema"] = self._ema.state_dict()
        states["precision"] = {k: torch.tensor(v) for k, v in self._fabric.strategy.precision.state_dict().items()}
        named = ((f"{part}/{name}", tensor) for part, state in states.items() for name, tensor in state.items())
        return Checkpoint(passes, {name: tensor.cpu().numpy() for name, tensor in named})

    def _restore(self, keeper: Keeper | None) -> int:
        """Put the state of a checkpoint back; return how many passes are done."""
        found = keeper and keeper.find()
        if not found:
            return 0
        states: dict[str, dict[str, Tensor]] = {}
        for name, array in found.tensors.items():
            part, _, key = name.partition("/")
            states.setdefault(part, {})[key] = torch.from_numpy(np.array(array))
        self._model.load_state_dict(states["model"])
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": nested(states["optimiser"])})
        if self._ema is not None:
            self._ema.load_state_dict(states["ema"])
        if scaler := states.get("precision"):
            self._fabric.strategy.precision.load_state_dict({k: v.item() for k, v in scaler.items()})
        return found.passes


@contextmanager
def _compiler_errors() -> Iterator[None]:
    """Say in one line that torch.compile found no compiler; it looks for one at the first step."""
    from torch._inductor.exc import InductorError  # noqa: PLC0415 (a second)

    try:
        yield
    except InductorError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"train.compile needs a C++ compiler here: {reason}; set it to false") from None


def _optimiser(model: Aligner, settings: TrainConfig) -> torch.optim.AdamW:
    """AdamW that lets norms, biases and other vectors be."""
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": settings.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.lr, fused=True)


def _rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak rate: linear rise, then half a cosine down to zero."""
    rise = max(1, round(warmup * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _step_seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def _shares(batches: Iterator[Batch], fabric: Fabric) -> Iterator[Batch]:
    """Leave each process its part of the epochs of every batch, parts of one size; the last ones start over."""
    if fabric.world_size == 1:
        yield from batches
        return
    for batch in batches:
        size = math.ceil(len(batch.epochs) / fabric.world_size)
        own = (fabric.global_rank * size + np.arange(size)) % len(batch.epochs)
        partners = None if batch.partners is None else batch.partners[own]
        yield replace(batch, epochs=batch.epochs[own], partners=partners)


def _gathered(embeddings: Tensor, fabric: Fabric) -> Tensor:
    """Embeddings of all processes, in the order of the batch, with gradients to each."""
    if fabric.world_size == 1:
        return embeddings
    return fabric.all_gather(embeddings, sync_grads=True).flatten(0, 1)  # type: ignore[union-attr]


def _on(device: torch.device, array: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.require(array, requirements=["C", "W"])).to(device, non_blocking=True)


def _cuda(fabric: Fabric) -> list[torch.device]:
    return [fabric.device] if fabric.device.type == "cuda" else []
