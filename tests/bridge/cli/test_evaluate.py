from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli.failures import InputFailure

runner = CliRunner()


def test_the_rows_are_listed() -> None:
    told = runner.invoke(app, ["eval", "--names"])
    assert told.exit_code == 0
    names = [line.split()[0] for line in told.output.splitlines()]
    assert names[:3] == ["one", "two", "three"]
    assert {"inpainting", "prior", "people"} <= set(names)


def test_an_unknown_row_or_model_is_named(tmp_path: Path) -> None:
    for arguments, said in ((["--rows", "rainbows"], "rainbows"), (["--model", "none"], "'none'")):
        told = runner.invoke(app, ["eval", "--count", "1", "--out", str(tmp_path), *arguments])
        assert isinstance(told.exception, InputFailure)
        assert said in str(told.exception)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_row_is_printed_as_a_table_or_as_json(tmp_path: Path, as_json: bool) -> None:
    arguments = ["eval", "--rows", "one", "--count", "1", "--out", str(tmp_path)]
    told = runner.invoke(app, [*arguments, *(["--json"] if as_json else [])])
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert (tmp_path / "one.jpg").exists()
    if not as_json:
        assert any(
            "one object: colour and shape right" in line and "goal" in line for line in lines
        )
        return
    findings = [json.loads(line) for line in lines]
    assert findings[0]["row"] == "judge"
    assert {f["kind"] for f in findings if f["row"] == "one"} == {"figure", "sheet"}
