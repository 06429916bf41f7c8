"""`mahlstick eval`: what a model can do, row by row, measured where it is loaded.

The engine is entered directly, without a bridge: what is measured is the model and the whole way
of painting, not the wire. Pictures are kept, so that a measurement that was stopped goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from engine import Evaluation, Pixels

LABELLED = 200


def evaluate(
    model: Annotated[
        str | None, typer.Option(help="Name of the model; the first if left out.")
    ] = None,
    models: Annotated[
        list[Path] | None, typer.Option(help="Folder with a further model, or several.")
    ] = None,
    rows: Annotated[
        str, typer.Option(help="Names of rows with commas between them; --names lists them.")
    ] = "",
    count: Annotated[int, typer.Option(min=1, help="How many prompts a row has.")] = 200,
    out: Annotated[Path, typer.Option(help="Folder for sheets and pictures.")] = Path(
        "eval-output"
    ),
    device: Annotated[str, typer.Option(help="Where it is computed: auto, cpu, cuda.")] = "auto",
    judge: Annotated[
        bool, typer.Option("--judge", help="Try the judge on drawn pictures, and end.")
    ] = False,
    label_sheets: Annotated[
        bool, typer.Option("--label-sheets", help="Write sheets to label by eye, and end.")
    ] = False,
    sorts: Annotated[
        str, typer.Option(help="What the sheets to label show: one,two,three,count,relation.")
    ] = "one,two,three,count,relation",
    agree: Annotated[
        Path | None, typer.Option(help="Compare the judge with a file of labels, and end.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="List the rows and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Measure a model: compositions, scenes, holes, variations, speed; and sheets to look at."""
    from bridge.cli.failures import InputFailure
    from engine import EngineError, Evaluation

    if names:
        for name, about in Evaluation.rows():
            typer.echo(f"{name:<12} {about}")
        return
    try:
        evaluation = Evaluation(
            out,
            model=model,
            models=models or (),
            device=device,
            count=count,
            photograph=photograph(),
            say=_said,
        )
        _told(_findings(evaluation, rows, judge, label_sheets, sorts, agree, count), as_json)
    except EngineError as error:
        raise InputFailure(str(error)) from error


def _findings(
    evaluation: Evaluation,
    rows: str,
    judge: bool,
    label_sheets: bool,
    sorts: str,
    agree: Path | None,
    count: int,
) -> Iterable[Any]:
    if judge:
        return evaluation.judge(count)
    if label_sheets:
        return evaluation.label_sheets(_listed(sorts), min(count, LABELLED))
    if agree is not None:
        return evaluation.agreement(agree)
    return evaluation.measured(_listed(rows))


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _told(findings: Iterable[Any], as_json: bool) -> None:
    for finding in findings:
        kind = type(finding).__name__.lower()
        typer.echo(json.dumps({"kind": kind, **asdict(finding)}) if as_json else str(finding))


def _said(what: str) -> None:
    """Show what is being done, on a terminal only."""
    import sys

    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{what}\r")
        sys.stderr.flush()


def photograph() -> Pixels:
    """Return the photograph in the package, RGB."""
    import numpy as np

    from bridge.cli.pictures import load_picture

    with resources.as_file(resources.files("bridge.demo") / "sunset.jpg") as path:
        return np.ascontiguousarray(load_picture(path).rgba[..., :3])
