"""Where the files of one person of the Natural Scenes Dataset lie, as in its public bucket.

Allen et al. (2022), doi:10.1038/s41593-021-00962-x; the data manual: https://cvnlab.slite.page/p/M3ZvPmfgU3
"""

import re
from dataclasses import dataclass
from pathlib import Path

from bci.errors import FormatError

__all__ = ["SESSIONS", "STIMULI", "TABLE", "NsdFolder"]

TABLE = "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
STIMULI = "nsddata_stimuli/stimuli/nsd/nsd_stimuli.hdf5"

SESSIONS = (40, 40, 32, 30, 40, 32, 40, 30)
"""How many sessions each person was scanned."""


@dataclass(frozen=True, slots=True)
class NsdFolder:
    """The files of one person, in the 1.8 mm preparation.

    Parameters
    ----------
    root
        Folder that holds `nsddata`, `nsddata_betas` and `nsddata_stimuli`.
    subject
        1 to 8.
    kind
        How responses were estimated: `betas_assumehrf`, `betas_fithrf` or `betas_fithrf_GLMdenoise_RR`.
    """

    root: Path
    subject: int
    kind: str = "betas_fithrf_GLMdenoise_RR"

    @property
    def table(self) -> Path:
        """Which picture was shown in which trials, for everybody."""
        return self.root / TABLE

    @property
    def stimuli(self) -> Path:
        """All pictures."""
        return self.root / STIMULI

    @property
    def mask(self) -> Path:
        """Voxels of visual cortex that answer to pictures."""
        return self.root / f"nsddata/ppdata/subj{self.subject:02d}/func1pt8mm/roi/nsdgeneral.nii.gz"

    @property
    def responses(self) -> Path:
        """Folder of the responses, one file for each session."""
        return self.root / f"nsddata_betas/ppdata/subj{self.subject:02d}/func1pt8mm/{self.kind}"

    def betas(self, session: int) -> Path:
        """Return the responses of one session, counted from 1."""
        return self.responses / f"betas_session{session:02d}.hdf5"

    def sessions(self) -> tuple[int, ...]:
        """Return the sessions whose responses are there.

        Raises
        ------
        FormatError
            If there is none.
        """
        names = (re.fullmatch(r"betas_session(\d\d)\.hdf5", path.name) for path in self.responses.glob("*.hdf5"))
        if found := sorted(int(name[1]) for name in names if name):
            return tuple(found)
        raise FormatError(
            f"expected responses as {self.betas(1)}, found none: fetch them by "
            "bci fetch nsd, or name another folder"
        )
