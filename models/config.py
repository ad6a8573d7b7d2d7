"""What an experiment is: data, events, preprocessing, targets, encoder, loss, training, evaluation.

Read from TOML; imports only pydantic, so that `bci train --help` starts at once.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from bci.specs import EventSpec, Frozen, PreprocessSpec, QualitySpec

__all__ = [
    "DataConfig",
    "EncoderConfig",
    "EvaluationConfig",
    "ExperimentConfig",
    "LossConfig",
    "TargetConfig",
    "TrainConfig",
    "Vocabulary",
]

Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class DataConfig(Frozen):
    """Which recordings or trials."""

    reader: str
    """Key of `replay.readers.READERS`."""
    paths: tuple[str, ...] = ()
    """Files or folders; `${BCI_REAL_DATA}` and other environment variables are filled in."""
    reject: float | None = None
    """Training epochs with a larger peak-to-peak amplitude in any channel, in microvolts, are left out."""


class Vocabulary(Frozen):
    """Cached embeddings of names: a `.npy` (n, D) and a JSON list of n names."""

    vectors: str
    names: str


class TargetConfig(Frozen):
    """What the concepts are, as vectors."""

    kind: Literal["text", "world"]
    """`text`: averaged name embeddings; `world`: the synthetic world's own pictures."""
    model: str = ""
    """Vision-language model that the vectors come from, for the bank's key."""
    vocabularies: tuple[Vocabulary, ...] = ()
    """Searched in this order."""
    concepts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Concept -> names whose unit vectors are averaged."""
    normalisation: Literal["none", "unit", "centred-unit"] = "unit"
    """`centred-unit`: the mean over the candidates is subtracted first, where prototypes lie close together."""


class EncoderConfig(Frozen):
    """Which encoder, and its own options."""

    name: str
    """Key of `models.encoders.ENCODERS`."""
    dim: Count = 128
    """Dimension of the shared space."""
    options: dict[str, Any] = Field(default_factory=dict)


class LossConfig(Frozen):
    """What pulls an epoch towards its picture."""

    name: Literal["concept", "instance"] = "concept"
    """`concept`: all pictures of the concept are positives; `instance`: the picture shown alone."""
    negatives: Annotated[int, Field(ge=0)] = 0
    """Concepts sampled besides those in the batch; 0 uses the batch's own, or all if there are few."""
    temperature: Annotated[float, Field(gt=0)] = 0.07
    learn_temperature: bool = False


class TrainConfig(Frozen):
    """How the encoder is fitted."""

    epochs: Count
    batch: Count = 256
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """Peak rate of AdamW; cosine schedule after a linear warm-up."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup: Fraction = 0.1
    """Share of all steps in which the rate rises."""
    seed: int = 0
    members: Count = 1
    """Seeds trained and averaged into one decoder (their embeddings are concatenated)."""
    shift: Annotated[float, Field(ge=0)] = 0.0
    """Augmentation: largest shift in time, seconds."""
    noise: Annotated[float, Field(ge=0)] = 0.0
    """Augmentation: sd of added white noise, as a share of the epoch's own sd."""
    channel_drop: Fraction = 0.0
    """Augmentation: probability that a channel is set to zero."""
    mix: Fraction = 0.0
    """Augmentation: probability that an epoch is averaged with another one of its concept."""
    balance: bool = True
    """Every concept weighs the same in the loss, however many trials it has."""


class EvaluationConfig(Frozen):
    """How the decoder is judged."""

    protocol: Literal["zero-shot", "seen-concept/new-image", "seen-concept/new-trial", "closed-set"]
    by: Literal["subject", "session", "recording", "repetition", "concept", "image"] = "recording"
    """What is left out together."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Number of folds; None leaves out one group at a time."""
    candidates: tuple[str, ...] = ()
    """Concepts that are ranked in the headline; empty ranks all. Trials of other concepts are not scored."""
    unit: Literal["trial", "subject"] = "trial"
    """What the bootstrap draws."""
    resamples: Count = 2000
    permutations: Annotated[int, Field(ge=0)] = 20
    """Decoders trained on shuffled labels."""
    prestimulus: tuple[float, float] | None = None
    """Window of the pre-stimulus control, seconds after the onset."""
    noise_level: bool = False
    """Control: one number, the high-frequency root mean square, decodes alone."""


class ExperimentConfig(Frozen):
    """An experiment, as one TOML file describes it."""

    name: str
    title: str = ""
    data: DataConfig
    events: EventSpec = EventSpec()
    preprocess: PreprocessSpec
    quality: QualitySpec = QualitySpec()
    targets: TargetConfig
    encoder: EncoderConfig
    loss: LossConfig = LossConfig()
    train: TrainConfig
    evaluation: EvaluationConfig
