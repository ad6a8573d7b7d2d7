"""The live decoder in torch: encode, normalise and rank.

On a GPU all of it is one CUDA graph between two pinned buffers, captured for single epochs, with one packed copy
back. On a CPU torch encodes, on a number of threads that is measured when the decoder is loaded, and NumPy ranks.
A GPU that fails while it decodes, for lack of memory or because it is gone, is replaced by the CPU, and what it
was about to decode is decoded there.
"""

import logging
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bci.bank import Bank, normalise
from bci.deciding import TOP_K
from bci.decoder import check_epochs
from bci.errors import ConfigError
from bci.ranking import rank_scores
from bci.types import Ranking, read_only
from models.aligner import Ensemble, build_aligner, load_state
from models.bundle import Bundle, decoder_spec, softmax_temperature
from models.ranker import Ranker, unpack
from models.torch_threads import threads

__all__ = ["TorchDecoder", "choose_device"]

_LOG = logging.getLogger(__name__)

OFFLINE_BATCH = 256
"""Epochs that are encoded at a time where nobody waits for them."""

CLEARLY_FASTER = 0.8
"""Share of the time on one thread that two may take to be preferred."""

WARM_UPS = 5
"""Runs before anything is timed or captured: the first ones choose kernels and allocate."""

TIMED = 15
"""Runs of which the median is taken."""


def choose_device(device: str) -> torch.device:
    """Return the device that `auto`, `cpu` or `cuda` means here.

    Raises
    ------
    ConfigError
        If there is no GPU but one is asked for.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError("expected a GPU that CUDA can use, found none: leave --device out or say cpu")
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if on_gpu else "cpu")


class TorchDecoder:
    """A `bci.decoder.Decoder` that runs a bundle's network.

    Parameters
    ----------
    bundle
        The trained decoder.
    bank
        What it ranks against; its key equals that of the bundle's own bank.
    device
        Where it runs.
    """

    def __init__(self, bundle: Bundle, bank: Bank, device: torch.device) -> None:
        self.spec = decoder_spec(bundle, bank)
        self.trouble = ""
        self._weights = bundle, bank  # on the host, whatever becomes of the device
        self._run_on(device)

    def _run_on(self, device: torch.device) -> None:
        bundle, bank = self._weights
        ranker = Ranker(_network(bundle), _vectors(bundle, bank), softmax_temperature(bundle, bank))
        shape = (len(self.spec.channels), self.spec.n_times)
        self._device = device
        self._ranker = ranker.to(device).eval()
        self._engine: _Engine = (
            _GpuEngine(self._ranker, shape) if device.type == "cuda" else _CpuEngine(self._ranker, shape)
        )

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """(N, D) float32 unit vectors of the concepts, in the space of the embeddings."""
        return read_only(self._ranker.prototypes.cpu().numpy().copy())

    def decode(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank the concepts for each epoch.

        Parameters
        ----------
        epochs
            (B, C, T) float32, preprocessed as `spec.preprocess` says.
        watch
            One concept index or None per epoch: whose rank is to be copied back. It changes nothing else.
        k
            How many concepts to name; fewer if the bank is smaller.

        Raises
        ------
        MismatchError
            If the epochs have another shape than the decoder was trained on.
        """
        check_epochs(self.spec, epochs)
        k = min(k, len(self.spec.concepts))
        try:
            return self._engine.run(epochs, watch, k)
        except RuntimeError as error:  # which all errors of CUDA are: no memory, a device that is gone
            if self._device.type == "cpu":
                raise
            self._leave_device(error)
        return self._engine.run(epochs, watch, k)

    def _leave_device(self, error: RuntimeError) -> None:
        """Go on on the CPU for good: who knows when the GPU would fail next."""
        first, *_ = str(error).splitlines() or [type(error).__name__]
        self._run_on(torch.device("cpu"))
        self.trouble = "the GPU has failed, decoding on the CPU"
        _LOG.warning("%s: %s", self.trouble, first)

    def scores(self, epochs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score all concepts for many epochs, where nobody waits for the result.

        Parameters
        ----------
        epochs
            (n, C, T) float32, preprocessed as `spec.preprocess` says.

        Returns
        -------
        scores
            (n, N) float32 cosines, those of `decode` up to rounding by the size of the batch (1e-6).
        """
        check_epochs(self.spec, epochs)
        scores = np.empty((len(epochs), len(self.spec.concepts)), np.float32)
        with torch.inference_mode(), _full_precision():
            for first in range(0, len(epochs), OFFLINE_BATCH):
                part = _tensor(epochs[first : first + OFFLINE_BATCH]).to(self._device)
                scores[first : first + OFFLINE_BATCH] = self._ranker.scores(part)[1].cpu().numpy()
        return scores


# ----------------------------------------------------------------------------------------- what runs on the device


def _network(bundle: Bundle) -> Ensemble:
    n_features = bundle.bank.prototypes.shape[1]
    members = [build_aligner(bundle.config, n_features, trained=True) for _ in range(bundle.config.train.members)]
    network = Ensemble(members)
    load_state(network, bundle.weights)
    return network.eval()


def _vectors(bundle: Bundle, bank: Bank) -> Tensor:
    """Prototypes of a bank (N, n_features) as the projection was trained on them."""
    normalised = normalise(bank.prototypes, bank.key.normalisation, bundle.centre, bank.key.views)
    return torch.from_numpy(np.array(normalised, np.float32))


def _tensor(array: NDArray[Any]) -> Tensor:
    """Make a tensor of an array; what flows through a session is read-only, which torch does not know."""
    return torch.from_numpy(np.require(array, requirements=["C", "W"]))


# ---------------------------------------------------------------------------------------------------- the devices


class _Engine(Protocol):
    """Runs a ranker on one kind of device."""

    def run(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        """Rank the best `k` for each epoch."""
        ...


class _CpuEngine:
    """Encodes on as many threads as take least for one epoch; ranks in NumPy, where a small step costs less."""

    def __init__(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        self._network = ranker.network
        self._prototypes = ranker.prototypes
        self._temperature = ranker.temperature
        self._threads = 1
        epoch = np.zeros((1, *shape), np.float32)
        self._threads = self._fastest(lambda: self._score(epoch))

    def run(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        embeddings, scores = self._score(epochs)
        return [
            rank_scores(row, embedding.copy(), truth, k, self._temperature)
            for row, embedding, truth in zip(scores, embeddings, watch, strict=True)
        ]

    def _score(self, epochs: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return embeddings (B, D) and scores (B, N)."""
        with torch.inference_mode(), threads(self._threads):
            embeddings = self._network.embed(_tensor(epochs))
            if len(epochs) > 1:  # NumPy's threads would stay busy for a while, and take the cores from others
                return embeddings.numpy(), (embeddings @ self._prototypes.T).numpy()
        vectors: NDArray[np.float32] = embeddings.numpy()
        return vectors, vectors @ self._prototypes.numpy().T  # a third of the time that torch takes for one row

    def _fastest(self, run: Callable[[], object]) -> int:
        """One thread, unless two are clearly faster: the second one is taken from the rest of the session."""
        alone = _median_seconds(run)
        if torch.get_num_threads() == 1:
            return 1
        self._threads = 2
        return 2 if _median_seconds(run) < CLEARLY_FASTER * alone else 1


def _median_seconds(run: Callable[[], object]) -> float:
    taken = []
    for _ in range(WARM_UPS + TIMED):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[WARM_UPS:])


def _full_precision() -> AbstractContextManager[None]:
    """Convolve in float32 on a GPU too: with TF32 single epochs and batches differ in the fourth digit."""
    exact: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, deterministic=True, allow_tf32=False
    )
    return exact


class _GpuEngine:
    """Replays a CUDA graph for single epochs; batches run as they are."""

    def __init__(self, ranker: Ranker, shape: tuple[int, int]) -> None:
        self._ranker = ranker
        self._shape = shape
        n_values = shape[0] * shape[1] + 1
        self._k = min(TOP_K, len(ranker.prototypes))
        # one buffer each way: the epoch and the watched index go up, the packed row comes down
        self._up = torch.zeros(n_values, pin_memory=True)
        self._input = torch.zeros(n_values, device="cuda")
        self._graph, self._output = self._capture()
        self._down = torch.zeros(self._output.shape, pin_memory=True)

    def run(self, epochs: NDArray[np.float32], watch: Sequence[int | None], k: int) -> list[Ranking]:
        watched = np.array([-1 if index is None else index for index in watch], np.int64)
        dim, n_concepts = self._ranker.dim, len(self._ranker.prototypes)
        return [
            unpack(row, k, dim, n_concepts, watched=index is not None)
            for row, index in zip(self._rows(epochs, watched, k), watch, strict=True)
        ]

    def _rows(self, epochs: NDArray[np.float32], watched: NDArray[np.int64], k: int) -> NDArray[np.float32]:
        """Return packed rows (B, D + 1 + 3 k)."""
        if len(epochs) == 1 and k == self._k:
            return self._replay(epochs, watched)
        with torch.inference_mode(), _full_precision():
            packed: Tensor = self._ranker(_tensor(epochs).cuda(), _tensor(watched).cuda(), k)
            return packed.cpu().numpy()

    def _replay(self, epochs: NDArray[np.float32], watched: NDArray[np.int64]) -> NDArray[np.float32]:
        up = self._up.numpy()
        up[:-1], up[-1] = epochs.reshape(-1), watched[0]
        with torch.inference_mode():
            self._input.copy_(self._up, non_blocking=True)
            self._graph.replay()
            self._down.copy_(self._output, non_blocking=True)
            torch.cuda.current_stream().synchronize()
        return self._down.numpy().copy()

    def _capture(self) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        with torch.inference_mode(), _full_precision():
            side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                for _ in range(WARM_UPS):
                    self._once()
            torch.cuda.current_stream().wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                output = self._once()
        return graph, output

    def _once(self) -> Tensor:
        epochs, watched = self._input[:-1].view(1, *self._shape), self._input[-1:].long()
        packed: Tensor = self._ranker(epochs, watched, self._k)
        return packed
