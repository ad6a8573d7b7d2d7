"""One decoder for each of several people and seeds: here in turn, or as jobs of a cluster.

Jobs: submitit (https://github.com/facebookincubator/submitit), which speaks to SLURM and, as `local`, to processes
of this computer.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bci.errors import BciError, ConfigError
from models.config import ExperimentConfig
from models.progress import OnProgress, silent

if TYPE_CHECKING:
    from bci.bank import Bank
    from bci.types import TrialSet
    from models.bundle import Bundle

__all__ = ["Run", "runs_of", "submit"]

POLL = 1.0
"""Seconds between two looks at the jobs."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training.

    Parameters
    ----------
    config
        With its own seed and subject.
    folder
        Where its bundle goes.
    data, hold_out
        As `models.data.load_trials` takes them.
    """

    config: ExperimentConfig
    folder: Path
    data: tuple[Path, ...] = ()
    hold_out: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What to call it in a progress bar."""
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        """Where it is kept while it runs."""
        return self.folder.with_name(self.folder.name + ".checkpoint")

    @property
    def done(self) -> bool:
        """Whether its bundle is there."""
        return (self.folder / "bundle.json").is_file()

    def load(self) -> "tuple[TrialSet, Bank]":
        """Read what it trains on."""
        from models.data import load_bank_of, load_trials  # noqa: PLC0415 (jobs are sent away without it)

        return load_trials(self.config, self.data, self.hold_out), load_bank_of(self.config)

    def train(self, trials: "TrialSet", bank: "Bank", report: OnProgress = silent) -> "Bundle":
        """Train, from its checkpoint if there is one."""
        from models.train import train  # noqa: PLC0415

        return train(trials, bank, self.config, report=report, checkpoints=self.checkpoints)

    def calibrate(self, bundle: "Bundle", trials: "TrialSet", report: OnProgress = silent) -> "Bundle":
        """Fit temperature and discount as `train.calibrate` asks for: for the bank that is ranked live."""
        from models.data import load_test_bank  # noqa: PLC0415
        from models.probabilities import calibrated  # noqa: PLC0415

        if not self.config.train.calibrate:
            return bundle
        new = self.config.evaluation.protocol == "zero-shot"
        return calibrated(bundle, trials, load_test_bank(self.config) if new else bundle.bank, report)

    def save(self, bundle: "Bundle") -> None:
        """Write the bundle; what was kept of the training is not needed any more."""
        from models.bundle import save_bundle  # noqa: PLC0415
        from models.bundle_pictures import save_pictures  # noqa: PLC0415

        save_bundle(self.folder, bundle)
        save_pictures(self.folder, bundle)
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def __call__(self) -> str:
        """Train and save, as a job does; return the bundle's id."""
        trials, bank = self.load()
        bundle = self.calibrate(self.train(trials, bank), trials)
        self.save(bundle)
        return bundle.id


def runs_of(
    config: ExperimentConfig,
    out: Path,
    subjects: Sequence[str] = (),
    seeds: Sequence[int] = (),
    data: Sequence[Path] = (),
    hold_out: Sequence[str] = (),
) -> list[Run]:
    """Return a run for every subject and seed; one, to `out` itself, where none is named.

    Raises
    ------
    ConfigError
        If a subject or a seed is named twice.
    """
    for name, values in (("subjects", subjects), ("seeds", seeds)):
        if len(set(values)) != len(values):
            raise ConfigError(f"--{name}: expected each once, got {', '.join(map(str, values))}")
    return [
        Run(_of(config, subject, seed), out / _name(subject, seed), tuple(data), tuple(hold_out))
        for subject, seed in product(subjects or (None,), seeds or (None,))
    ]


def _of(config: ExperimentConfig, subject: str | None, seed: int | None) -> ExperimentConfig:
    update: dict[str, Any] = {}
    if subject is not None:
        update["data"] = config.data.model_copy(update={"subjects": (subject,)})
    if seed is not None:
        update["train"] = config.train.model_copy(update={"seed": seed})
    return config.model_copy(update=update)


def _name(subject: str | None, seed: int | None) -> str:
    parts = [f"{key}-{value}" for key, value in (("sub", subject), ("seed", seed)) if value is not None]
    return "_".join(parts)


# -------------------------------------------------------------------------------------------------------- jobs


def submit(
    runs: Sequence[Run], cluster: str, out: Path, asked: Sequence[str] = ()
) -> Iterator[tuple[Run, str | None]]:
    """Send each run away as a job, and yield it when it has ended, with what went wrong or None.

    Ctrl-C leaves the jobs of a cluster running.

    Parameters
    ----------
    cluster
        `slurm`, or `local` for processes of this computer.
    out
        Logs of the jobs go to a folder beside it, NAME.jobs.
    asked
        `KEY=VALUE` of submitit's `update_parameters`, such as `slurm_partition=gpu`.

    Raises
    ------
    ConfigError
        If submitit is not installed, or a parameter makes no sense.
    BciError
        If there is no such cluster here.
    """
    try:
        import submitit  # noqa: PLC0415 (an extra)
    except ImportError:
        raise ConfigError("jobs need submitit: pip install 'bci-live[cluster]'") from None
    try:
        executor = submitit.AutoExecutor(folder=out.with_name(out.name + ".jobs"), cluster=cluster)
        executor.update_parameters(name="bci-train", **_parameters(asked))
        jobs = {
            job.job_id: (job, run) for job, run in zip(executor.map_array(Run.__call__, runs), runs, strict=True)
        }
    except (TypeError, NameError, AssertionError) as error:
        raise ConfigError(f"--job: {' '.join(str(error).split())}") from None
    except (RuntimeError, OSError) as error:
        raise BciError(f"the jobs could not be sent to {cluster}: {' '.join(str(error).split())}") from None
    while jobs:
        ended = [number for number, (job, _) in jobs.items() if job.done()]
        for number in ended:
            job, run = jobs.pop(number)
            yield run, _error(job)
        if jobs and not ended:
            time.sleep(POLL)


def _parameters(asked: Sequence[str]) -> dict[str, int | str]:
    pairs = [item.partition("=") for item in asked]
    if wrong := [key for key, equals, _ in pairs if not equals]:
        raise ConfigError(f"--job: expected KEY=VALUE, got {wrong[0]!r}")
    return {key: int(value) if value.isdecimal() else value for key, _, value in pairs}


def _error(job: Any) -> str | None:
    error = job.exception()
    if error is None:
        return None
    said = re.findall(r"^[\w.]+(?:Error|Exception|Interrupt)\b.*", str(error), re.MULTILINE)  # ends the traceback
    return f"failed: {said[-1] if said else type(error).__name__}; see {job.paths.stderr}"
