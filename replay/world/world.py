"""A synthetic world as a whole: pictures, a brain that answers them, and a head that makes noise."""

from dataclasses import dataclass
from pathlib import Path

from bci.bank import Bank
from bci.config import find_config, parse, read_toml
from bci.types import Recording
from replay.world.forward import Forward, build_forward
from replay.world.noise import Noise, build_noise
from replay.world.pictures import Pictures, draw_pictures
from replay.world.record import Schedule, Split, record
from replay.world.render import Renderer, make_renderer
from replay.world.spec import WorldSpec

__all__ = ["World", "build_world", "load_world"]


@dataclass(frozen=True, slots=True)
class World:
    """The only source of EEG whose decoding has a known ceiling (see `replay.world.oracle`).

    Parameters
    ----------
    spec
        Everything else follows from it.
    pictures, forward, noise
        Its three parts.
    """

    spec: WorldSpec
    pictures: Pictures
    forward: Forward
    noise: Noise

    @property
    def train_bank(self) -> Bank:
        """Training concepts with all their pictures."""
        return self.pictures.train

    @property
    def test_bank(self) -> Bank:
        """Test concepts with all their pictures."""
        return self.pictures.test

    def renderer(self) -> Renderer:
        """Return what makes its pictures visible: of their vectors as much as the components read."""
        return make_renderer(self.pictures, self.spec.evoked.components, self.spec.seed)

    def record(self, split: Split, n_events: int | None = None, seed: int = 0) -> tuple[Recording, Schedule]:
        """Record a session.

        Parameters
        ----------
        split
            Which bank's pictures are shown; the values of the markers are its concept names.
        n_events
            By default as many as the spec says.
        seed
            Of the order of pictures and of the noise; the same seed gives the same bits on the same machine.

        Raises
        ------
        ConfigError
            If there are no events, or the split is neither of the two.
        """
        presentation = self.spec.presentation
        if n_events is None:
            n_events = presentation.train_events if split == "train" else presentation.test_events
        bank = self.train_bank if split == "train" else self.test_bank
        return record(self.spec, self.forward, self.noise, bank, split, n_events, seed)


def build_world(spec: WorldSpec) -> World:
    """Draw the world that a spec describes.

    Raises
    ------
    ConfigError
        If the montage lacks a channel, or there are too many categories.
    """
    pictures = draw_pictures(spec.pictures, spec.seed)
    return World(spec, pictures, build_forward(spec, pictures), build_noise(spec))


def load_world(name: str | Path, person: int | None = None) -> World:
    """Build a world from its TOML: a path, or the name of a preset (`things` is read from `world-things.toml`).

    Parameters
    ----------
    name
        Of the file.
    person
        Another one than the file says.

    Raises
    ------
    ConfigError
        If there is no such file, or something in it makes no sense.
    """
    path = find_config(str(name) if Path(name).suffix == ".toml" else f"world-{str(name).removeprefix('world-')}")
    raw = read_toml(path) if person is None else {**read_toml(path), "person": person}
    return build_world(parse(WorldSpec, raw, str(path)))
