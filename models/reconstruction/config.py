"""What a reconstruction is: data, networks, losses and their weights, training.

Read from TOML; imports only pydantic, so that `bci reconstruct --help` starts at once. Defaults are those that
were published for a VAE-GAN of EEG with CLIP as a semantic loss.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bci.specs import Frozen

__all__ = [
    "DataConfig",
    "EncoderConfig",
    "GeneratorConfig",
    "JudgeConfig",
    "LookingConfig",
    "ReconstructionConfig",
    "SemanticConfig",
    "TrainConfig",
    "WeightsConfig",
]

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class DataConfig(Frozen):
    """Which EEG, and which pictures. Exactly one of `bundle`, `experiment` and `pairs` is given."""

    bundle: str = ""
    """A trained decoder: what is encoded are the embeddings that it makes of its own experiment's trials. Only
    such a reconstruction paints live, since decisions carry that embedding."""
    candidates: bool = False
    """Of `bundle`: encode, instead of the embedding, the mean of the concepts' prototypes weighed by their
    probabilities. That is what is known of a trial where it is known what there is to choose from; live these are
    the concepts of the session."""
    vectors: bool = False
    """Of `bundle`: train on the training pictures' own vectors too, as the decoder projects them. They are what an
    embedding without noise would be, and there is one for each picture, seen or not."""
    experiment: str = ""
    """A decoding experiment: what is encoded are its epochs, cut and scaled as it says."""
    pairs: str = ""
    """Folder that `bci pair` wrote: what is encoded is `array` of it."""
    array: Literal["eeg_features", "eeg_data"] = "eeg_features"
    """Of `pairs`: feature vectors of any width, or signals."""
    paths: tuple[str, ...] = ()
    """Other training recordings than those of the experiment: embeddings of trials that a decoder was trained on
    are nearer to the truth than any to come."""
    pictures: str = ""
    """Folder of the training pictures, one folder in it for each concept; worlds and `pairs` have their own."""
    test_pictures: str = ""
    """Folder of the test pictures; empty takes `pictures`."""
    events: Count | None = None
    """Of a synthetic world: events of the session to train on."""
    validation: Share = 0.05
    """Share of the training concepts that the learning curve is also drawn for. Nothing is chosen by it."""


class EncoderConfig(Frozen):
    """From EEG to the mean and the logarithm of the variance of z."""

    name: str = "perceptron"
    """`perceptron` for vectors, a key of `models.encoders.ENCODERS` for epochs."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Of an encoder of epochs, `dim` among them."""
    hidden: Count = 512
    """Units of the perceptron's one layer."""
    dropout: Share = 0.2
    """Share of the perceptron's units that are silenced in training."""
    latent: Count = 128
    """Dimension of z."""


class GeneratorConfig(Frozen):
    """From z to a picture, and the discriminator beside it."""

    side: Literal[28, 56, 112, 224] = 224
    """Height and width that are generated; below 224, pictures are enlarged bilinearly wherever they are shown."""
    width: Count = 32
    """Maps of the generator's last hidden layer; each layer before it has twice as many, up to `widest`."""
    widest: Count = 512
    discriminator: Count = 32
    """Maps of the discriminator's first layer; each one after it has twice as many, up to `widest`."""


class WeightsConfig(Frozen):
    """What each loss counts in the generator's step; 0 leaves one out."""

    adversarial: Weight = 1.0
    l1: Weight = 10.0
    """Mean absolute difference of pixels, on a scale from -1 to 1."""
    kl: Weight = 1.0
    """Kullback-Leibler divergence from the standard normal, nats per dimension of z."""
    semantic: Weight = 5.0
    """1 - cosine of CLIP's embeddings of the generated and the true picture."""


class SemanticConfig(Frozen):
    """The frozen network of the semantic loss, as open_clip names it."""

    model: str = "ViT-B-32"
    config: str = ""
    """JSON of an architecture, instead of `model`."""
    weights: str = ""
    """Local file of weights: a loss downloads nothing by itself."""
    pretrained: str = "openai"
    """Tag that the weights belong to, which says how pictures are prepared; empty with `config`."""


class LookingConfig(Frozen):
    """How a network learns to look at the pictures of a synthetic world."""

    pictures: Count = 8000
    """Pictures of training concepts that it learns from, other ones than are shown in any session."""
    passes: Count = 4
    seed: int = 2000


class JudgeConfig(LookingConfig):
    """The network that judges reconstructions of a synthetic world and takes no part in their training."""

    width: Count = 16
    """Maps of its first layer."""
    seed: int = 1000


class TrainConfig(Frozen):
    """How the networks are fitted."""

    epochs: Count = 20
    """Passes over the training trials."""
    batch: Count = 16
    """Trials a step."""
    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Of Adam, for generator and discriminator."""
    seed: int = 0
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    checkpoint_every: Annotated[int, Field(ge=0)] = 1
    """Passes between two checkpoints; 0 writes one every tenth of the training."""
    sheet_every: Annotated[int, Field(ge=0)] = 1
    """Passes between two sheets of samples; 0 draws none."""


class ReconstructionConfig(Frozen):
    """A reconstruction, as one TOML file describes it."""

    name: str
    title: str = ""
    data: DataConfig
    encoder: EncoderConfig = EncoderConfig()
    generator: GeneratorConfig = GeneratorConfig()
    weights: WeightsConfig = WeightsConfig()
    semantic: SemanticConfig = SemanticConfig()
    judge: JudgeConfig = JudgeConfig()
    train: TrainConfig = TrainConfig()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = [name for name in ("bundle", "experiment", "pairs") if getattr(self.data, name)]
        if len(given) != 1:
            raise ValueError(
                f"data: expected one of bundle, experiment and pairs, got {' and '.join(given) or 'none'}"
            )
        if not self.data.bundle and (self.data.candidates or self.data.vectors):
            raise ValueError("data: candidates and vectors are of a bundle's concepts and pictures: name one")
        epochs = bool(self.data.experiment) or (bool(self.data.pairs) and self.data.array == "eeg_data")
        if epochs == (self.encoder.name == "perceptron"):
            wanted = "an encoder of epochs, such as nice" if epochs else "perceptron"
            raise ValueError(f"encoder.name: expected {wanted} for this input, got {self.encoder.name!r}")
        return self
