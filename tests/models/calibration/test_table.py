"""The table of calibration: people whom no bundle knows, each beside their own oracle."""

import numpy as np
import pytest
import tomli_w

from bci.config import parse
from bci.errors import ConfigError
from models.calibration.table import CalibrationTable, make_cells, mean_of, rows_of, train_bundles


@pytest.fixture
def table(small, tmp_path):
    """Make a table of two people; keyword arguments replace its keys."""
    base = tmp_path / "base.toml"
    config = small.bundle.config.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    base.write_bytes(tomli_w.dumps(config).encode())
    given = {
        "name": "two",
        "people": [9, 10],
        "minutes": [0.5, 2],
        "experiments": [{"base": str(base), "method": "classical", "events": 200}],
    }
    return lambda **changes: parse(CalibrationTable, given | changes, "table")


def test_everybody_has_every_row(table, tmp_path):
    chosen = table()
    train_bundles(chosen, tmp_path / "out")
    cells = [cell for done in make_cells(chosen, tmp_path / "out") for cell in done]
    rows = rows_of(cells)
    assert list(rows) == ["as trained", "without labels", "0.5 min", "2 min", "oracle"]
    for own in rows.values():
        assert [cell.person for cell in own] == [9, 10]
        assert {(cell.n, cell.candidates) for cell in own} == {(200, 4)}
    top1 = {name: np.mean([cell.top1 for cell in own]) for name, own in rows.items()}
    assert top1["as trained"] < top1["2 min"] < top1["oracle"]


def test_who_was_trained_on_is_not_unknown(table, tmp_path):
    with pytest.raises(ConfigError, match="trained on person 2, who should be unknown"):
        train_bundles(table(people=[2, 9]), tmp_path / "out")


def test_only_people_of_a_world_are_known_to_be_others(table, tmp_path):
    experiments = [{"base": "n170", "method": "classical", "events": 10}]
    with pytest.raises(ConfigError, match="needs people of a synthetic world"):
        train_bundles(table(experiments=experiments), tmp_path / "out")


def test_the_interval_is_student_s():
    mean, low, high = mean_of([0.1, 0.2, 0.3, 0.4])
    assert mean == pytest.approx(0.25)
    half = 3.182446 * np.std([0.1, 0.2, 0.3, 0.4], ddof=1) / 2  # t of three degrees of freedom
    assert (low, high) == (pytest.approx(0.25 - half, rel=1e-5), pytest.approx(0.25 + half, rel=1e-5))
