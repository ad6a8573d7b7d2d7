"""Stamps of real wireless recordings: they jump and run backwards, and no sample is missing."""

import csv
import gzip

import numpy as np
import pytest

from bci.config import real_data
from bci.timefit import TimeFit

FILES = sorted(path for name in ("muse-n170", "muse-p300") for path in (real_data() / name).rglob("*.csv.gz"))

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not FILES, reason="BCI_REAL_DATA holds no muse-n170 and muse-p300"),
]


@pytest.mark.parametrize("path", FILES or [None], ids=lambda path: path.name if path else "none")
def test_no_gap_and_times_that_never_run_backwards(path):
    with gzip.open(path, "rt", newline="") as file:
        stamps = np.array([float(row["timestamps"]) for row in csv.DictReader(file)])
    fit = TimeFit(256.0)
    runs = [run for first in range(0, len(stamps), 12) for run in fit.feed(stamps[first : first + 12])]
    runs += fit.flush()
    times = np.concatenate([run.times for run in runs])
    assert [run.gap_before for run in runs if run.gap_before] == []
    assert len(times) == len(stamps)
    assert np.all(np.diff(times) >= 0)
    assert fit.rate == pytest.approx(256.0, rel=2e-4)
    line = np.polynomial.Polynomial.fit(np.arange(len(stamps)), stamps, 1)(np.arange(len(stamps)))
    assert np.abs(times - line)[5 * 256 :].max() < 1 / 256
