from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import RequestError
from engine.evaluation.evaluation import Evaluation
from engine.evaluation.figures import Figure, Sheet, Skipped
from engine.evaluation.rows.table import ROWS

PHOTOGRAPH = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)


def evaluation(out: Path, model: Path, count: int = 2) -> Evaluation:
    return Evaluation(
        out, model=model.name, models=[model], device="cpu", count=count, photograph=PHOTOGRAPH
    )


@pytest.mark.parametrize("row", [row.name for row in ROWS])
def test_every_row_measures_or_shows_something(row: str, tiny_model: Path, tmp_path: Path) -> None:
    asked = evaluation(tmp_path, tiny_model)
    found = [f for f in asked.measured([row]) if f.row == row]
    assert found
    for finding in found:
        if isinstance(finding, Figure):
            assert np.isfinite(finding.value)
            assert finding.count > 0
            assert finding.what in str(finding)
        elif isinstance(finding, Sheet):
            assert Path(finding.path).stat().st_size > 1000
    measured = [f for f in found if isinstance(f, Figure)]
    assert any(f.goal for f in measured) or row in ("photographs", "signs", "faces", "people")


def test_the_judge_proves_itself_before_any_row(tiny_model: Path, tmp_path: Path) -> None:
    asked = evaluation(tmp_path, tiny_model, count=3)
    found = list(asked.measured(["one"]))
    judged = [f for f in found if f.row == "judge"]
    assert found[: len(judged)] == judged
    assert [f.reached for f in judged if isinstance(f, Figure) and f.goal] == [True, True]


def test_the_judge_and_the_probe_are_right_about_drawn_pictures(
    tiny_model: Path, tmp_path: Path
) -> None:
    told = {f.what: f.value for f in evaluation(tmp_path, tiny_model).judge(20)}
    assert told["judge is right about drawn pictures: all"] >= 96
    assert told["judge rejects swapped colours, relations, counts"] >= 98
    assert told["probe is right about drawn parts: there or not"] >= 90
    assert told["probe names the manner of drawn pictures"] >= 50


def test_rows_are_skipped_by_models_without_towers(
    tiny_folder: Path, tiny_hook: str, tmp_path: Path
) -> None:
    asked = Evaluation(
        tmp_path, model="tiny", models=[tiny_folder], hooks=[tiny_hook], count=1, device="cpu"
    )
    skipped = [f for f in asked.measured(["prior", "step"]) if isinstance(f, Skipped)]
    assert [f.row for f in skipped] == ["prior", "step"]
    assert "no CLIP" in str(skipped[0])


def test_what_was_painted_is_not_painted_again(tiny_model: Path, tmp_path: Path) -> None:
    first = [str(f) for f in evaluation(tmp_path, tiny_model).measured(["two"])]
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "pictures").iterdir()}
    assert len(kept) == 2
    again = [str(f) for f in evaluation(tmp_path, tiny_model).measured(["two"])]
    assert again == first
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "pictures").iterdir()} == kept


def test_an_unknown_row_lists_the_known_ones(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"no row 'four hundred'.*outpainting"):
        list(evaluation(tmp_path, tiny_model).measured(["four hundred"]))


def test_labels_are_compared_with_what_the_judge_sees(tiny_model: Path, tmp_path: Path) -> None:
    asked = evaluation(tmp_path, tiny_model)
    *sheets, file = asked.label_sheets(("one",), 4)
    assert isinstance(file, Sheet)
    assert len(sheets) == 1
    path = Path(file.path)
    lines = path.read_text("utf-8").splitlines()
    assert lines == ["# sorts: one", "number,ground,things", "0,,", "1,,", "2,,", "3,,"]
    path.write_text("\n".join([*lines[:2], "0,?,", "1,blue,red blob"]), "utf-8")
    with pytest.raises(RequestError, match="picture 1: 'blue' and 'red blob'"):
        list(asked.agreement(path))
    path.write_text("\n".join([*lines[:2], "0,?,", "1,red,red star; red star"]), "utf-8")
    things, ground, unclear = (f for f in asked.agreement(path) if isinstance(f, Figure))
    assert (things.count, ground.count, unclear.value) == (1, 1, 1)
    assert things.value == 0  # nobody sees red stars on red
    assert "differs: 1" in things.note
