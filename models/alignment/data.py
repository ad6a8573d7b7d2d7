"""From EEG and fMRI of different pictures to pairs on disk: match, cut, average, project, write.

Stages are noted in the store as they end, so that an interrupted run goes on after the last one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bci.bank import numbered
from bci.errors import OutputError
from bci.storage import refuse_non_empty, save_json
from models.alignment.data_config import AlignmentDataConfig
from models.alignment.eeg_rows import EegRows, eeg_rows, expand_pairs
from models.alignment.inspection import SHEET, eeg_concepts, write_sheet, write_tables
from models.alignment.matched import Matched, load_matched, match_pictures, save_matched
from models.alignment.pairs import PARTS
from models.alignment.ridge import Projection, fit_ridge, load_mindeye2
from models.alignment.source import CONCEPTS, MARKERS
from models.alignment.sources import Sources, open_sources
from models.alignment.store import PairStore
from models.data import load_trials
from replay.nsd.averages import mean_responses
from replay.nsd.presentations import Presentations
from replay.nsd.stimuli import picture_id

__all__ = ["SUMMARY", "OnStage", "make_pairs"]

Ints = NDArray[np.int64]

SUMMARY = "data.json"
"""What was made, written last."""

_MATCHES = "matches.safetensors"


class OnStage(Protocol):
    """Told how far a stage is."""

    def __call__(self, done: int, total: int, said: str) -> None:
        """Tell how much of how much is done, and what is being done."""
        ...


@dataclass(frozen=True, slots=True)
class _Job:
    """What is made of what, and where it goes."""

    config: AlignmentDataConfig
    out: Path
    sources: Sources
    store: PairStore
    report: OnStage


def make_pairs(config: AlignmentDataConfig, out: Path, report: OnStage) -> dict[str, Any]:
    """Write the pairs of an alignment; return what `data.json` says.

    Parameters
    ----------
    config
        Its data.
    out
        Folder; one that an interrupted run of the same config left is gone on with.
    report
        Told of every stage.

    Raises
    ------
    OutputError
        If the folder was begun with another config, or cannot be written.
    BciError
        If anything cannot be read or does not fit; see the stages.
    """
    if not (out / "data.mdb").is_file():
        refuse_non_empty(out)
    with PairStore(out) as store:
        _check_begun(store, config, out)
        report(0, 1, "opening")
        job = _Job(config, out, open_sources(config, out), store, report)
        eeg = store.noted("eeg") or _write_eeg(job)
        matched = load_matched(out / _MATCHES)
        fmri = store.noted("fmri") or _write_fmri(job, matched)
        told = _finish(job, matched, eeg, fmri)
    save_json(out / SUMMARY, told)
    return told


def _check_begun(store: PairStore, config: AlignmentDataConfig, out: Path) -> None:
    """Refuse to go on with what another config, or another program, began."""
    if len(store) and store.noted("begun") != _name_of(config):
        raise OutputError(f"expected a new folder, or one of the same config; {out} was begun with another")


def _name_of(config: AlignmentDataConfig) -> dict[str, Any]:
    return {"config": hashlib.sha256(config.model_dump_json().encode()).hexdigest()}


def _write_eeg(job: _Job) -> dict[str, Any]:
    """Cut the trials, match their pictures, and write the EEG of those that are in a pair."""
    config, sources = job.config, job.sources
    job.report(0, 1, "reading EEG")
    trials = load_trials(sources.experiment, bank=sources.eeg_bank)
    pictures = np.unique(trials.images[trials.images >= 0])
    matched = match_pictures(sources.eeg_bank, sources.fmri_bank, pictures, sources.shown, config.matching)
    rows = eeg_rows(trials, np.unique(matched.matches.first), average=config.eeg.average)
    job.store.note("begun", _name_of(config))
    _put_eeg(job, rows)
    save_matched(job.out / _MATCHES, matched)
    told = {
        "shape": list(rows.shape),
        "channels": [channel.label for channel in trials.channels],
        "sfreq": trials.sfreq,
        "subject": str(trials.groups["subject"][0]),
        "reference": trials.provenance.get("reference"),
        "row_pictures": rows.pictures.tolist(),
    }
    job.store.note("eeg", told)
    return told


def _put_eeg(job: _Job, rows: EegRows) -> None:
    first = 0
    for block in rows.blocks():
        job.store.put_rows("eeg", first, block)
        first += len(block)
        job.report(first, len(rows.members), "writing EEG")


def _write_fmri(job: _Job, matched: Matched) -> dict[str, Any]:
    """Average the responses to pictures that are in a pair, project them, and write them in the bank's order."""
    sources, matches = job.sources, matched.matches
    pictures = np.unique(matches.second)
    trained = np.isin(pictures, matches.second[matches.part == 0])
    shown = _presentations_of(sources, pictures)
    voxels = mean_responses(
        sources.nsd,
        shown,
        sources.sessions,
        trained,
        lambda done, total: job.report(done, total, "averaging fMRI"),
    )
    projection = _projection(job, voxels, pictures, trained)
    _put_fmri(job, projection, voxels)
    told = {
        "shape": [len(pictures), len(projection.bias)],
        "projection": projection.source,
        "voxels": voxels.shape[1],
        "training_pictures": int(np.count_nonzero(trained)),
    }
    job.store.note("fmri", told)
    return told


def _put_fmri(job: _Job, projection: Projection, voxels: NDArray[np.float32]) -> None:
    first = 0
    for block in projection.blocks(voxels, unit_norm=job.config.fmri.unit_norm):
        job.store.put_rows("fmri", first, block)
        first += len(block)
        job.report(first, len(voxels), "projecting fMRI")


def _presentations_of(sources: Sources, pictures: Ints) -> Presentations:
    """Trials of some pictures, rows of the bank, in their order."""
    numbers = np.array([picture_id(sources.fmri_bank.names[row]) for row in pictures.tolist()], np.int64)
    return Presentations(numbers, sources.shown.trials[np.searchsorted(sources.shown.pictures, numbers)])


def _projection(job: _Job, voxels: NDArray[np.float32], pictures: Ints, trained: NDArray[np.bool_]) -> Projection:
    options = job.config.fmri
    if options.ridge:
        return load_mindeye2(options.ridge, options.ridge_index, voxels.shape[1])
    job.report(0, 1, "fitting the ridge")
    return fit_ridge(voxels[trained], job.sources.fmri_bank.prototypes[pictures[trained]])


def _finish(job: _Job, matched: Matched, eeg: Mapping[str, Any], fmri: Mapping[str, Any]) -> dict[str, Any]:
    """Write tables, the sheet, the pairs and the header; return what is told of them."""
    write_tables(job.out, job.sources, matched)
    sheet = SHEET if write_sheet(job.out, job.sources, matched) else None
    columns = _columns(matched, np.array(eeg["row_pictures"], np.int64))
    facts = _facts(job, matched, eeg, fmri)
    header = {
        "eeg": eeg["shape"],
        "fmri": fmri["shape"],
        "channels": eeg["channels"],
        "sfreq": eeg["sfreq"],
        "n_clusters": job.config.matching.clusters,
        "facts": {**facts, **_names(job.sources, matched)},
    }
    job.store.finish(columns, header)
    parts = {name: int(np.count_nonzero(columns["part"] == number)) for number, name in enumerate(PARTS)}
    return {"pairs": len(columns["part"]), "parts": parts, "contact_sheet": sheet, **facts}


def _columns(matched: Matched, row_pictures: Ints) -> dict[str, NDArray[Any]]:
    """Columns of the pairs: each pair of pictures as often as its first one has rows of EEG."""
    matches = matched.matches
    pair, eeg_row = expand_pairs(matches.first, row_pictures)
    eeg_picture, fmri_picture = (
        np.unique(pictures, return_inverse=True)[1][pair] for pictures in (matches.first, matches.second)
    )
    return {
        "eeg_row": eeg_row,
        "fmri_row": fmri_picture,
        "eeg_picture": eeg_picture,
        "fmri_picture": fmri_picture,
        "cluster": matched.clusters[pair],
        "component": matches.component[pair],
        "part": matches.part[pair],
        "similarity": matches.similarity[pair],
    }


def _names(sources: Sources, matched: Matched) -> dict[str, Any]:
    """Which concept pictures show, and markers stand for: what a decoder made of the pairs has to know."""
    return {
        CONCEPTS: eeg_concepts(sources, np.unique(matched.matches.first)),
        MARKERS: numbered(sources.experiment.events, sources.eeg_bank).concepts,
    }


def _facts(job: _Job, matched: Matched, eeg: Mapping[str, Any], fmri: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be known of the pairs, by whoever reads them."""
    config, sources, matches = job.config, job.sources, matched.matches
    return {
        "synthetic": sources.synthetic,
        "eeg": {
            "experiment": sources.experiment.name,
            "subject": eeg["subject"],
            "reference": eeg["reference"],
            "averaged": config.eeg.average,
            "pictures": len(np.unique(matches.first)),
            "gain": sources.experiment.preprocess.gain,
            "preprocess": sources.experiment.preprocess.digest,
            "bank": sources.eeg_bank.id,
        },
        "fmri": {
            "subject": sources.nsd.subject,
            "kind": sources.nsd.kind,
            "sessions": len(sources.sessions),
            "pictures": fmri["shape"][0],
            "voxels": fmri["voxels"],
            "projection": fmri["projection"],
            "unit_norm": config.fmri.unit_norm,
            "bank": sources.fmri_bank.id,
        },
        "matching": {
            **config.matching.model_dump(),
            "threshold": matched.threshold,
            "components": len(np.unique(matches.component)),
            "similarity": [round(float(value), 4) for value in np.quantile(matches.similarity, (0, 0.5, 1))],
        },
        "caveats": _caveats(job),
        "fitted_to_training_components": ["threshold", "clusters", "standardisation of voxels"]
        + ([] if config.fmri.ridge else ["ridge"]),
    }


def _caveats(job: _Job) -> list[str]:
    """What whoever reads a figure of these pairs has to know."""
    said = ["parts share no picture, but concepts: pictures of one concept may be in several"]
    if job.sources.synthetic:
        said.append("SYNTHETIC: both recordings were made up, and what they have in common is known")
    if job.config.fmri.ridge:
        said.append("the projection of the fMRI was trained by others, on pictures of all parts")
    return said
