"""Any model of braindecode as an encoder: convolutional nets, and foundation models with pretrained weights.

Schirrmeister et al. 2017, doi:10.1002/hbm.23730; https://braindecode.org, version 1.8. The models are fed at the
rate of their pretraining. Amplitudes are not touched: CBraMod expects microvolts / 100, which is
`preprocess.gain = 0.01`.
"""

import inspect
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bci.errors import ConfigError
from bci.montage import canonical
from bci.nearest import nearest
from models.encoders.pretrained import is_within, put_weights, read_weights

__all__ = ["Braindecode"]

RATES = {
    "BENDR": 256.0, "BIOT": 200.0, "CBraMod": 200.0, "CodeBrain": 200.0, "EEGDINO": 200.0, "EEGPT": 256.0,
    "Labram": 200.0, "REVE": 200.0,
}  # fmt: skip
"""Rate at which models were pretrained, Hz."""

OURS = ("n_outputs", "n_chans", "chs_info", "n_times", "input_window_seconds", "sfreq")
"""What the adapter tells every model."""

MONTAGE = "colin27_1005"
"""MNE's name of the positions of the 10-05 system."""


class Braindecode(nn.Module):
    """Resample epochs and encode them by a model whose classes are the dimensions of the shared space.

    Windows shorter than a second, or that are no whole number of a model's patches, are padded with zeros at
    their end.

    Parameters
    ----------
    n_channels, n_times, sfreq
        Shape of an epoch and its rate in Hz.
    dim
        Length of the embedding.
    model
        Name of a class of `braindecode.models`.
    rate
        Rate at which the model is fed, Hz; that of its pretraining by default, or the epochs' own.
    dropout
        The model's `drop_prob`, where it has one; its own default if not given.
    settings
        Further keyword arguments of the model.
    pretrained
        Weights to start from, see `models.encoders.pretrained.read_weights`.
    fresh
        Submodules that no weights are put into; most models have one, their head `final_layer`.
    freeze
        Train the fresh submodules alone.
    channels
        Labels, for models that look up positions of the 10-05 system.

    Raises
    ------
    ConfigError
        If braindecode is missing, or there is no such model or argument.
    FormatError
        If pretrained weights do not fit.
    ValueError
        If the model cannot be built for these epochs.
    """

    grid: Tensor | None

    def __init__(
        self,
        n_channels: int,
        n_times: int,
        sfreq: float,
        dim: int,
        *,
        model: str = "EEGNet",
        rate: float | None = None,
        dropout: float | None = None,
        settings: Mapping[str, Any] | None = None,
        pretrained: str | None = None,
        fresh: Sequence[str] = ("final_layer",),
        freeze: bool = False,
        channels: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._learning: list[nn.Module] | None = None
        kind, own = _model_class(model), dict(settings or {})
        if dropout is not None:
            own["drop_prob"] = dropout
        known = _arguments(kind, own)
        rate = rate or RATES.get(model, sfreq)
        fed = _length(n_times / sfreq * rate, rate, own.get("patch_size", known.get("patch_size")))
        given: dict[str, Any] = {"n_outputs": dim, "n_chans": n_channels, "n_times": fed, "sfreq": rate}
        if channels:
            given["chs_info"] = _positions(channels, rate)
        # a matrix, so that epochs are resampled and padded on whatever device they are
        self.register_buffer("grid", _grid(n_times, sfreq, rate, fed), persistent=False)
        named = "ch_names" in inspect.signature(kind.forward).parameters
        self._at_call = {"ch_names": [canonical(label) for label in channels]} if named and channels else {}
        with _explained(model):
            self.model = kind(**{name: value for name, value in given.items() if name in known}, **own)
            shape = _output_shape(self, n_channels, n_times)
        if shape != (1, dim):
            raise ValueError(f"expected embeddings of shape (1, {dim}) from braindecode's {model}, got {shape}")
        self._start(pretrained, fresh)
        self._learning = self._freeze(fresh) if freeze else None
        self.train()

    def _start(self, pretrained: str | None, fresh: Sequence[str]) -> None:
        """Put pretrained weights into all but the fresh submodules."""
        if pretrained is None:
            return
        renamed = getattr(self.model, "mapping", None) or {}
        weights = {renamed.get(name, name): tensor for name, tensor in read_weights(pretrained).items()}
        put_weights(self.model, weights, fresh, pretrained)

    def _freeze(self, fresh: Sequence[str]) -> list[nn.Module]:
        """Let the fresh submodules alone learn; return them."""
        known = dict(self.model.named_modules())
        if missing := [name for name in fresh if name not in known]:
            near = nearest(missing[0], known)
            raise ValueError(f"the model has no submodule {missing[0]!r}; the nearest known one is {near!r}")
        for name, parameter in self.model.named_parameters():
            if not is_within(name, fresh):
                parameter.requires_grad = False
        return [known[name] for name in fresh]

    def forward(self, epochs: Tensor) -> Tensor:
        """Encode epochs (B, C, T) as vectors (B, dim)."""
        return self.model(self._fed(epochs), **self._at_call)  # type: ignore[no-any-return]  # (B, dim)

    def features(self, epochs: Tensor) -> Tensor:
        """Return what the head of a foundation model sees of epochs (B, C, T): of CBraMod (B, C, patches, 200)."""
        found = self.model(self._fed(epochs), return_features=True, **self._at_call)
        return found["features"]  # type: ignore[no-any-return]

    def _fed(self, epochs: Tensor) -> Tensor:
        """Epochs (B, C, T) at the model's rate."""
        return epochs if self.grid is None else epochs @ self.grid

    def train(self, mode: bool = True) -> "Braindecode":
        """Switch to training, in which frozen parts keep their statistics and drop nothing."""
        super().train(mode)
        if mode and self._learning is not None:
            self.model.eval()
            for module in self._learning:
                module.train()
        return self


def _model_class(name: str) -> type[nn.Module]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on what newer versions of MNE and pandas will call things
            library = import_module("braindecode.models")
    except ImportError as error:
        raise ConfigError(
            "the encoder 'braindecode' needs the package of that name: pip install 'bci-live[foundation]' "
            f"({' '.join(str(error).split())})"
        ) from None
    base = library.EEGModuleMixin
    known = {key: kind for key, kind in vars(library).items() if isinstance(kind, type) and issubclass(kind, base)}
    if name not in known:
        raise ConfigError(f"braindecode has no model {name!r}; the nearest known one is {nearest(name, known)!r}")
    return known[name]


def _arguments(kind: type[nn.Module], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's keyword arguments with their defaults, after a look at those that are set."""
    parameters = inspect.signature(kind).parameters.values()
    known = {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}
    free = [name for name in known if name not in OURS]
    if unknown := [name for name in own if name not in free]:
        near = nearest(unknown[0], free)
        raise ConfigError(
            f"braindecode's {kind.__name__} has no setting {unknown[0]!r}"
            + (f"; the nearest known one is {near!r}" if near else "")
        )
    return known


def _length(n_times: float, rate: float, patch: int | None) -> int:
    """Samples that the model is fed: whole patches, or at least a second."""
    needed = math.ceil(round(n_times, 6))
    return math.ceil(needed / patch) * patch if patch else max(needed, math.ceil(rate))


def _grid(n_times: int, sfreq: float, rate: float, fed: int) -> Tensor | None:
    """(T, T at the model's rate) matrix that resamples without aliases and pads with zeros; None for identity."""
    if rate == sfreq and fed == n_times:
        return None
    from scipy.signal import resample_poly  # noqa: PLC0415 (a second that few need)

    ratio = Fraction(rate / sfreq).limit_denominator(1000)
    # the line from the first to the last sample is taken off first: epochs do not end where they began
    resampled: NDArray[np.float64] = resample_poly(
        np.eye(n_times), ratio.numerator, ratio.denominator, axis=0, padtype="line"
    )
    matrix = np.zeros((n_times, fed), np.float32)
    matrix[:, : len(resampled)] = resampled[:fed].T
    return torch.from_numpy(matrix)


def _positions(channels: Sequence[str], rate: float) -> list[Any]:
    """Channels as MNE describes them, with positions where the 10-05 system has some."""
    from mne import create_info  # noqa: PLC0415 (heavy)

    info = create_info(list(channels), rate, "eeg", verbose="ERROR")
    info.set_montage(MONTAGE, match_case=False, match_alias=True, on_missing="ignore", verbose="ERROR")
    return list(info["chs"])


@contextmanager
def _explained(model: str) -> Iterator[None]:
    """Say in one line why a model does not work, whatever it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # noqa: BLE001 (some fifty models refuse in as many ways)
        raise ValueError(f"braindecode's {model}: {' '.join(str(error).split())}") from None


def _output_shape(encoder: Braindecode, n_channels: int, n_times: int) -> tuple[int, ...]:
    """Shape of what comes out for one epoch."""
    with torch.no_grad():
        return tuple(encoder.eval()(torch.zeros(1, n_channels, n_times)).shape)
