"""What a dashboard may know of a session, and cannot change: facts that stand, samples that flow, snapshots."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bci.history import History
from bci.painting import Painting
from bci.player import Player
from bci.recordings import Recordings
from bci.session import Session
from bci.snapshot import Snapshot
from bci.types import DecoderSpec, StreamSpec
from bci.what_if import Gallery

__all__ = ["About", "LocalSession", "Viewed"]


@dataclass(frozen=True, slots=True)
class About:
    """What stays the same while a session runs.

    Parameters
    ----------
    origin
        Where the samples come from, in words: `live`, `file NAME`, `attached to NAME`.
    stream
        What is received.
    decoder
        What decodes: channels, concepts, identifiers.
    decoder_name
        Name of the encoder or classical decoder.
    vision_model
        What the concepts' vectors come from.
    window
        First and last second of an epoch, relative to the onset.
    budget
        Seconds of latency above which a decision is late.
    filters
        What the decoder's preprocessing does to the signal, in words.
    trained_on
        Hash of the preprocessing that the decoder was trained with; it must be `decoder.preprocess`.
    interpolated
        Channels that are made up from the others because the stream lacks them.
    synthetic
        Whether the signals are made up.
    mismatch
        What is wrong with the decoder on this stream, see `bci.end_to_end`; None if nothing is.
    categories
        One per concept, or empty.
    thumbnails
        Folder with a picture `INDEX.webp` of each concept, None if there is none.
    map
        (N, 2) float32 positions of the concepts, None if there are none.
    positions
        (n_stream_channels, 2) float32 where the stream's electrodes lie on a head of radius 1 seen from above, the
        nose up: to the right and to the front of its centre. NaN where unknown, None if nothing is known.
    calibration
        Temperature of the probabilities and what it was fitted to; None while they are raw.
    personal
        The person's calibration that is in use: its id, method and date, and whose it is; None if there is none.
    prototypes
        (N, D) float32 of the concepts, in the space of `Ranking.embedding`: a decision's scores are
        `prototypes @ embedding`. None if they are not here.
    temperature
        What scores are divided by for the softmax that gives probabilities; 1 if it is not known here.
    paradigm
        What is declared about the order of the concepts, in words; None where nothing is.
    stopping
        When repeats of a presentation have told enough, or that nothing says so, in words; None where there are no
        repeats.
    first
        Number of the first decision that may be its decoder's.
    hide_truth
        Whether a participant may see the screen.
    folder
        Where the session is written; None if it is so elsewhere.
    """

    origin: str
    stream: StreamSpec
    decoder: DecoderSpec
    decoder_name: str
    vision_model: str
    window: tuple[float, float]
    budget: float
    filters: str
    trained_on: str
    interpolated: tuple[str, ...] = ()
    synthetic: bool = False
    mismatch: str | None = None
    categories: tuple[str, ...] = ()
    thumbnails: Path | None = None
    map: NDArray[np.float32] | None = None
    positions: NDArray[np.float32] | None = None
    calibration: Mapping[str, Any] | None = None
    personal: Mapping[str, Any] | None = None
    prototypes: NDArray[np.float32] | None = None
    temperature: float = 1.0
    paradigm: str | None = None
    stopping: str | None = None
    first: int = 0
    hide_truth: bool = False
    folder: Path | None = None

    @property
    def concepts(self) -> tuple[str, ...]:
        """Names of the concepts."""
        return self.decoder.concepts


class Viewed(Protocol):
    """A session as a dashboard sees it: one that decodes in this process, or one that does elsewhere."""

    @property
    def about(self) -> About:
        """What stays the same."""
        ...

    @property
    def history(self) -> History:
        """The last minutes of the stream."""
        ...

    @property
    def player(self) -> Player | None:
        """What plays the file that is decoded; None if it is no file."""
        ...

    @property
    def recordings(self) -> Recordings | None:
        """What records the session; None if it cannot be recorded here."""
        ...

    @property
    def read_gallery(self) -> Callable[[Path], Gallery] | None:
        """Reads another bank as the decoder would rank it, on any thread; None where the decoder is not here."""
        ...

    @property
    def switch(self) -> "Callable[[Path], Viewed] | None":
        """Decodes with another bundle (its folder or `bundle.json`) or ranks another bank (its file) from now on.

        It takes as long as loading takes, on any thread; a `BciError` says what does not fit. It returns what can
        be seen from then on. None where the decoder is not here.
        """
        ...

    @property
    def painting(self) -> Painting | None:
        """What makes pictures of decisions; None if nothing does."""
        ...

    def snapshot(self) -> Snapshot:
        """Return how the session stands; takes microseconds, and holds nobody up."""
        ...


@dataclass(frozen=True, slots=True)
class LocalSession:
    """A session that decodes in this process, as a dashboard sees it."""

    session: Session
    about: About
    history: History
    player: Player | None = None
    recordings: Recordings | None = None
    read_gallery: Callable[[Path], Gallery] | None = None
    switch: "Callable[[Path], Viewed] | None" = None
    painting: Painting | None = None

    def snapshot(self) -> Snapshot:
        """Return how the session stands."""
        return self.session.snapshot()
