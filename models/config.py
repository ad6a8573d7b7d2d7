"""What an experiment is: data, events, preprocessing, targets, decoder, loss, training, evaluation.

Read from TOML; imports only pydantic, so that `bci train --help` starts at once.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bci.specs import EventSpec, EvidenceSpec, Frozen, Normalisation, PreprocessSpec, QualitySpec

__all__ = [
    "CurvesConfig",
    "DataConfig",
    "DecoderConfig",
    "EvaluationConfig",
    "ExperimentConfig",
    "LossConfig",
    "ProjectionConfig",
    "RowConfig",
    "TableConfig",
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
    only: tuple[str, ...] = ()
    """Only the files of these names, without suffixes; empty takes all."""
    test_paths: tuple[str, ...] = ()
    """Of the test partition, for `evaluation.test = "partition"`; empty means `paths`."""
    test_only: tuple[str, ...] = ()
    """Only the files of these names are the test partition."""
    subjects: tuple[str, ...] = ()
    """Only these people, by the labels that the files give them; empty takes all."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of the reader."""
    reject: float | None = None
    """Training epochs with a larger peak-to-peak amplitude in any channel, in microvolts, are left out."""


class Vocabulary(Frozen):
    """Cached embeddings of names: a `.npy` (n, D) and a JSON list of n names."""

    vectors: str
    names: str


class TargetConfig(Frozen):
    """What the concepts are, as vectors."""

    kind: Literal["bank", "text", "classes", "world"]
    """`bank`: what `bci embed` wrote; `text`: averaged cached name embeddings; `classes`: no vectors, a name each;
    `world`: the synthetic world's own pictures."""
    bank: str = ""
    """Of `bank`: file of the bank of the training concepts."""
    model: str = ""
    """Of `text`: vision-language model that the vectors come from, for the bank's key."""
    vocabularies: tuple[Vocabulary, ...] = ()
    """Of `text`, searched in this order."""
    concepts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Of `text`: concept -> names whose unit vectors are averaged."""
    normalisation: Normalisation = "unit"
    """Of `text`; banks and worlds have their own. `centred-unit` subtracts the mean over the concepts that are
    trained on first, where prototypes lie close together."""
    pictures: dict[str, str] = Field(default_factory=dict)
    """Concept -> a picture of it for screens; banks that `bci embed` wrote have theirs beside them."""
    test_bank: str = ""
    """File of the bank that the test partition is ranked against; empty takes the training bank."""


class DecoderConfig(Frozen):
    """Which decoder, and its own options."""

    name: str
    """Key of `models.decoders.DECODERS`: an encoder, a classical decoder, or one that is made of others."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of an encoder its own and `dim`, the dimension of the shared space."""
    label: str = ""
    """What reports call it where name and options say too little."""


class ProjectionConfig(Frozen):
    """What maps vision vectors into the shared space, beside an encoder."""

    name: str = "linear"
    """Key of `models.projections.PROJECTIONS`."""
    options: dict[str, Any] = Field(default_factory=dict)


class LossConfig(Frozen):
    """What pulls an epoch towards its picture."""

    name: Literal["concept", "instance"] = "concept"
    """`concept`: all pictures of the concept are positives; `instance`: the picture shown alone."""
    symmetric: bool = False
    """Pull pictures towards epochs as well, as CLIP does; the loss is the mean of both directions."""
    negatives: Annotated[int, Field(ge=0)] = 0
    """Concepts sampled besides those in the batch; 0 uses the batch's own, or all if there are few."""
    normalise: Literal["both", "picture", "none"] = "both"
    """Which side is brought to unit norm in the loss; ranking is always by cosine."""
    temperature: Annotated[float, Field(gt=0)] = 0.07
    learn_temperature: bool = False


class TrainConfig(Frozen):
    """How an encoder is fitted; `average`, `balance` and `seed` are of all decoders."""

    epochs: Count = 40
    """Passes over the training trials."""
    batch: Count = 256
    """Trials a step, over all devices together."""
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """Peak rate of AdamW; cosine schedule after a linear warm-up."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup: Fraction = 0.1
    """Share of all steps in which the rate rises."""
    calibrate: Annotated[int, Field(ge=0)] = 0
    """Parts of the training trials that are left out in turn to fit temperature and discount to, see
    `models.probabilities`; each takes one more fit. 0 leaves probabilities raw."""
    seed: int = 0
    members: Count = 1
    """Seeds trained and averaged into one decoder (their embeddings are concatenated)."""
    shift: Annotated[float, Field(ge=0)] = 0.0
    """Augmentation: largest shift in time, seconds."""
    smooth: Fraction = 0.0
    """Augmentation: probability that an epoch is smoothed by a moving average in time."""
    smooth_samples: Count = 5
    """Length of that moving average."""
    noise: Annotated[float, Field(ge=0)] = 0.0
    """Augmentation: sd of added white noise, as a share of the epoch's own sd."""
    channel_drop: Fraction = 0.0
    """Augmentation: probability that a channel is set to zero."""
    mix: Fraction = 0.0
    """Augmentation: probability that an epoch is averaged with another one, see `mix_of`."""
    mix_of: Literal["concept", "image"] = "concept"
    """What the two epochs share: the concept, or the very picture (repetitions are averaged)."""
    average: bool = False
    """Fit to the mean over the repetitions of each picture, within one person, session and recording, instead of
    to single trials. The temperature is then that of means, unless `calibrate` fits it to single trials; the
    evaluation stays with single trials."""
    balance: bool = True
    """Every concept weighs the same in the loss of encoders and regressions, however many trials it has."""
    ema: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Decay per step of an exponential moving average of the weights, which is then the result; 0 for none."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """Of the network's arithmetic in training."""
    compile: bool = False
    """Compile the encoder with torch.compile; needs a C++ compiler on a CPU."""
    checkpoint_every: Annotated[int, Field(ge=0)] = 0
    """Passes between two checkpoints; 0 writes one every tenth of the training."""


class CurvesConfig(Frozen):
    """Over what the figures are drawn as curves; an empty list draws none."""

    repetitions: tuple[Count, ...] = (1, 2, 4, 8, 16, 40, 80)
    """Presentations of a concept that are averaged, or whose evidence is summed; as far as there are as many."""
    candidates: tuple[Annotated[int, Field(ge=2)], ...] = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
    """How many concepts compete; what random subsets of the candidates come to on average."""
    window_ends: tuple[float, ...] = ()
    """Ends of the window, seconds after the onset; decoders are trained anew for each."""
    channels: tuple[int, ...] = ()
    """Keys of `models.evaluation.montages.SUBSETS`; decoders are trained anew for each."""


class EvaluationConfig(Frozen):
    """How the decoder is judged."""

    protocol: Literal["zero-shot", "seen-concept/new-image", "seen-concept/new-trial", "closed-set"]
    by: Literal["subject", "session", "recording", "block", "repetition", "concept", "image"] = "recording"
    """What is left out together. `block`: one stretch of each recording, as long as `folds` says; training trials
    whose window overlaps a tested one are dropped. Needs the order of presentation."""
    test: Literal["folds", "partition"] = "folds"
    """`folds`: cross-validation; `partition`: one decoder, trained on all trials and judged on the data's own test
    partition (`data.test_paths`, `targets.test_bank`; a synthetic world has one)."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """Number of folds; None leaves out one group at a time. Of `by = "block"` the number of blocks."""
    candidates: tuple[str, ...] = ()
    """Concepts that are ranked in the headline; empty ranks all. Trials of other concepts are not scored."""
    unit: Literal["trial", "subject", "concept"] = "trial"
    """What the bootstrap draws."""
    resamples: Count = 2000
    permutations: Annotated[int, Field(ge=0)] = 20
    """Decoders trained on shuffled labels; 200 or more where that is cheap."""
    prestimulus: tuple[float, float] | None = None
    """Window of the pre-stimulus control, seconds after the onset."""
    noise_level: bool = False
    """Control: one number of what the decoder sees, the high-frequency root mean square, decodes alone."""
    sequence: bool = False
    """Control: the concepts shown before decode alone. Needs the order of presentation: continuous recordings."""
    frontal: bool = False
    """Control: the same decoder on frontal channels, where eye movements are largest."""
    calibrate: bool = True
    """Fit the softmax's temperature to answers that are not tested; with a partition this takes one more fit."""
    transductive: Literal["none", "csls", "centre"] = "none"
    """Figures of scores aligned with the test queries, without labels, beside the headline."""
    curves: CurvesConfig = CurvesConfig()


class ExperimentConfig(Frozen):
    """An experiment, as one TOML file describes it."""

    name: str
    title: str = ""
    data: DataConfig
    events: EventSpec = EventSpec()
    preprocess: PreprocessSpec
    quality: QualitySpec = QualitySpec()
    targets: TargetConfig
    decoder: DecoderConfig
    projection: ProjectionConfig = ProjectionConfig()
    loss: LossConfig = LossConfig()
    train: TrainConfig = TrainConfig()
    evaluation: EvaluationConfig
    evidence: EvidenceSpec = EvidenceSpec()


class RowConfig(Frozen):
    """One decoder in a table."""

    name: Annotated[str, Field(pattern=r"^[\w +().-]*\w[\w +().-]*$")]
    """Also of the folder of its report."""
    base: str
    """Experiment whose keys are replaced, by path or name."""
    set: dict[str, Any] = Field(default_factory=dict)
    """What is replaced in it, table by table: how it is decoded and trained."""

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        known = ("decoder", "projection", "loss", "train")
        if others := [key for key in self.set if key not in known]:
            raise ValueError(
                f"row {self.name!r}: rows of one base are judged on the same trials, so set {', '.join(known)}; "
                f"got {', '.join(others)}: take another base for these"
            )
        return self


class TableConfig(Frozen):
    """Decoders that are compared on the same data."""

    name: str
    title: str = ""
    rows: Annotated[tuple[RowConfig, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [row.name for row in self.rows]
        if len(set(names)) != len(names):
            raise ValueError(f"expected rows of different names, got {', '.join(names)}")
        return self
