"""What an alignment is: its model, its losses, its training; read from TOML. Imports only pydantic."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bci.specs import Frozen
from models.alignment.data_config import AlignmentDataConfig

__all__ = ["AlignmentConfig", "KnownSignalConfig", "LossConfig", "ModelConfig", "TrainConfig", "encoder_options"]

Count = Annotated[int, Field(ge=1)]
Scale = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class ModelConfig(Frozen):
    """From epochs to the space of the fMRI; options of the encoder `fmri_aligned`."""

    backbone: str = "cbramod"
    """`cbramod`, or a key of `models.encoders.ENCODERS`."""
    backbone_options: dict[str, Any] = Field(default_factory=dict)
    """Of the backbone; `pretrained` among those of `cbramod`."""
    whiten: bool = False
    """Decorrelate channels by the covariance of the training epochs before the backbone. For encoders that start
    from nothing: what `cbramod` was pretrained on was not."""
    tokens: Count = 8
    """Tokens that an encoder's embedding is cut into; CBraMod has one for each second of each channel."""
    width: Count = 32
    """Length of such a token; CBraMod's are 200 long."""
    head: Literal["flatten", "attention", "multi_token"] = "flatten"
    """How tokens are pooled."""
    hidden: Count = 1024
    """Units of the head."""
    queries: Count = 4
    """Learned queries, which ask where there is no fMRI."""
    attention_width: Count = 256
    """Length of a query."""
    heads: Count = 8
    """Attention heads of the alignment module."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1


def encoder_options(config: ModelConfig, dim: int, *, trained: bool) -> dict[str, Any]:
    """Return the options of the encoder `fmri_aligned` that a model is made with.

    Parameters
    ----------
    dim
        Length of the fMRI vectors.
    trained
        Weights of a training will be put in: pretrained ones are not looked for.
    """
    options = config.model_dump(mode="json") | {"dim": dim}
    if trained:
        options["backbone_options"].pop("pretrained", None)
    return options


class LossConfig(Frozen):
    """What pulls an epoch towards its fMRI; a scale of 0 turns a loss off."""

    mse: Scale = 1.0
    """Scale of the mean squared error."""
    infonce: Scale = 1.0
    """Scale of InfoNCE, both ways."""
    distillation: Scale = 1.0
    """Scale of prototypical distillation."""
    temperature: Positive = 0.07
    """Of InfoNCE."""
    distillation_temperature: Positive = 0.1
    """Of the softmax over prototypes, on both sides."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.mse or self.infonce or self.distillation):
            raise ValueError("expected a scale above 0 for mse, infonce or distillation, got 0 for all of them")
        return self


class TrainConfig(Frozen):
    """How it is fitted; the defaults of passes, batch and rate are those that were published."""

    epochs: Count = 100
    """Passes over the training pairs."""
    batch: Annotated[int, Field(ge=2)] = 64
    lr: Positive = 1e-4
    """First rate of AdamW; it falls along half a cosine to zero."""
    backbone_lr: Positive = 1e-5
    """The backbone's, lower, so that what it learned before is not lost."""
    weight_decay: Scale = 1e-2
    clip: Positive = 1.0
    """Largest norm of the gradient of all weights together."""
    fmri_queries: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of the training pairs that are asked by their fMRI; the others are asked by the learned queries."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    checkpoint_every: Annotated[int, Field(ge=0)] = 0
    """Passes between two checkpoints; 0 writes one every tenth of the training."""
    seed: int = 0


class KnownSignalConfig(Frozen):
    """SYNTHETIC pairs whose common signal is known, see `models.alignment.synthetic`."""

    concepts: Count = 120
    pictures: Count = 4
    """Of each concept, in either set of pictures."""
    repetitions: Count = 2
    """Epochs of each picture that is shown to the person with EEG."""
    n_channels: Count = 16
    n_times: Count = 100
    sfreq: Positive = 200.0
    dim: Count = 64
    """Length of the fMRI vectors."""
    components: Count = 12
    """Dimensions of the signal that EEG and fMRI have in common."""
    scatter: Scale = 0.5
    """Sd of pictures round their concept; concepts have 1 in each component."""
    eeg_noise: Positive = 10.0
    """Sd of the EEG's noise over that of its responses."""
    fmri_noise: Positive = 1.0
    """Sd of the fMRI's noise over that of its responses."""
    clusters: Annotated[int, Field(ge=2)] = 20
    seed: int = 0


class AlignmentConfig(Frozen):
    """An alignment, as one TOML file describes it."""

    name: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    title: str = ""
    data: AlignmentDataConfig | None = None
    """Whose pairs `bci align data` writes."""
    known_signal: KnownSignalConfig | None = None
    """SYNTHETIC pairs, made whenever they are needed, instead of data."""
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.data is None) == (self.known_signal is None):
            raise ValueError("expected either [data], whose pairs are read, or [known_signal], whose are made")
        return self
