"""The `[data]` section of an alignment: whose EEG, whose fMRI, how pictures are matched.

Imports only the standard library and pydantic, so that the command line starts at once.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from bci.config import find_config, parse, read_toml
from bci.errors import ConfigError
from bci.specs import Frozen

__all__ = [
    "AlignmentDataConfig",
    "DataSection",
    "EegConfig",
    "FmriConfig",
    "MatchingConfig",
    "SyntheticConfig",
    "load_data_config",
]

Count = Annotated[int, Field(ge=1)]


class EegConfig(Frozen):
    """Whose EEG, and as which epochs."""

    experiment: str
    """Config of an experiment: its data, events and preprocessing make the trials, its bank holds a vector of each
    picture that was shown. The gain of its preprocessing brings microvolts to hundreds of microvolts."""
    paths: tuple[str, ...] = ()
    """Instead of its `data.paths`."""
    subject: str = ""
    """Instead of its `data.subjects`: one person."""
    average: bool = True
    """Average the repetitions of a picture; else every trial is a row of its own."""
    pictures: str = ""
    """Folder of the pictures, as it was embedded: for the table of pictures and the contact sheet."""


class FmriConfig(Frozen):
    """Whose fMRI, and what becomes of the voxels."""

    folder: str = ""
    """Of the Natural Scenes Dataset, as `bci fetch nsd` lays it out."""
    subject: Annotated[int, Field(ge=1, le=8)] = 1
    kind: Literal["betas_fithrf_GLMdenoise_RR", "betas_fithrf", "betas_assumehrf"] = "betas_fithrf_GLMdenoise_RR"
    """How responses were estimated."""
    sessions: tuple[Count, ...] = ()
    """Counted from 1; empty takes all that are there."""
    bank: str = ""
    """Bank of the pictures that `bci align pictures` wrote, embedded as those of the EEG."""
    ridge: str = ""
    """MindEye2's checkpoint; empty fits a ridge from voxels to the vectors of the bank."""
    ridge_index: Annotated[int, Field(ge=0)] = 0
    """Place of the person among those whom the checkpoint was trained on."""
    unit_norm: bool = False
    """Bring every vector to unit norm."""


class MatchingConfig(Frozen):
    """Which pictures are alike."""

    neighbours: Count = 1
    """Pictures of the fMRI that a picture of the EEG is paired with, at most. With more than one, chains of pairs
    soon join nearly all pictures into one component, which cannot be split."""
    minimum: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """Cosine that every pair must have."""
    keep: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of the training pairs that is kept, the most similar; the cosine where this cuts holds for all."""
    clusters: Count = 100
    """Of K-means, among training pairs."""
    seed: Annotated[int, Field(ge=0)] = 0


class SyntheticConfig(Frozen):
    """A SYNTHETIC person in the scanner, who sees other pictures of the world that the experiment's EEG is of."""

    pictures: Annotated[int, Field(multiple_of=250, ge=250)] = 500
    """Shown three times each, 250 a session."""
    voxels: Count = 200
    noise: Annotated[float, Field(ge=0)] = 1.0
    """Standard deviation of a single trial's noise; that of the signal is 1."""
    seed: Annotated[int, Field(ge=0)] = 0


class AlignmentDataConfig(Frozen):
    """Data of an alignment."""

    eeg: EegConfig
    fmri: FmriConfig = FmriConfig()
    matching: MatchingConfig = MatchingConfig()
    synthetic: SyntheticConfig | None = None
    """Makes the fMRI instead of reading it; files are written in the form of the real ones, and read."""

    @model_validator(mode="after")
    def _from_somewhere(self) -> Self:
        named = {"folder": self.fmri.folder, "bank": self.fmri.bank}
        if self.synthetic and (given := [name for name, value in named.items() if value]):
            raise ValueError(f"synthetic data have a {given[0]} of their own: leave fmri.{given[0]} out")
        if not self.synthetic and (missing := [name for name, value in named.items() if not value]):
            raise ValueError(f"expected fmri.{missing[0]}, or a table `synthetic`")
        return self


class DataSection(Frozen):
    """What of an alignment's config is about data, so that keys are named as in the file."""

    data: AlignmentDataConfig


def load_data_config(name: str) -> AlignmentDataConfig:
    """Read the `[data]` section of an alignment's config, given its path or bare name; others are left alone.

    Raises
    ------
    ConfigError
        If there is no such file or section, or something in it makes no sense.
    """
    path = find_config(name)
    raw: dict[str, Any] = read_toml(path)
    if not isinstance(raw.get("data"), dict):
        raise ConfigError(f"{path}: expected a section [data], as an alignment has, found none")
    return parse(AlignmentDataConfig, raw["data"], f"{path}: data")
