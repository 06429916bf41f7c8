"""`mahlstick bench`: how figures are told, and that all of them but times are as they must be."""

from __future__ import annotations

import json

import pytest

from bridge.cli.bench import clients, measure, overhead, shelf
from bridge.cli.bench.rows import Goal, figure, p95
from bridge.cli.bench.table import ROWS
from bridge.cli.failures import InputFailure

TIMES = ("ms", "s")


def test_a_figure_is_the_median_with_its_range_its_goal_and_the_rival_s() -> None:
    row = figure("a job", "ms", [3.0, 1.0, 2.0], Goal(1.8, comfyui="1.9 ms"))
    assert (row.median, row.least, row.most, row.runs, row.reached) == (2.0, 1.0, 3.0, 3, False)
    assert "MISSED" in str(row)
    assert "goal <= 1.8" in str(row)
    assert "ComfyUI: 1.9 ms" in str(row)
    assert figure("a count", "", [4.0], Goal(at_least=4)).reached
    assert figure("no goal", "s", [4.0]).reached is None


def test_the_95th_percentile_is_one_of_the_values() -> None:
    assert p95([float(number) for number in range(1, 101)]) == 95.0
    assert p95([7.0]) == 7.0


def test_rows_have_names_of_their_own_and_an_unknown_one_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    measure(runs=1, rows="job, bomb", names=True)
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["job", "bomb"]
    with pytest.raises(InputFailure, match=r"no row nonsense.*painting"):
        measure(rows="nonsense")


def test_figures_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    measure(runs=1, rows="browser", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["median"], told["reached"], told["comfyui"]) == (0.0, True, "5")


@pytest.mark.parametrize(
    "name",
    ["start", "job", "step", "layer", "batch", "bomb", "restart", "worker", "reconnect", "stalled"],
)
def test_whatever_a_row_measures_besides_time_reaches_its_goal(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "JOBS", 5)
    for number in ("JOBS", "STEPS", "ASKED"):
        monkeypatch.setattr(overhead, number, 5)
    row = next(row for row in ROWS if row.name == name)
    figures = list(row.measured(1))
    assert figures
    for each in figures:
        assert each.reached is not False or each.unit in TIMES, str(each)


def test_the_shelf_of_models_is_known_whole_and_again() -> None:
    figures = list(shelf.indexed(1, folders=3, files=30))
    assert [figure.unit for figure in figures] == ["s", "s", "s", "ms"]
    assert "30 model files in 3 folders" in figures[0].what
