"""`mahlstick bench`: what this machine does, measured through the real bridge, row by row.

Every figure is the median of several runs with their range beside it, because machines are noisy;
what is compared is measured in turns. Beside it stand the goal and, where it was measured on the
same kind of machine, ComfyUI 0.33's figure.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.cli.bench.rows import Row


def measure(
    runs: Annotated[int, typer.Option(min=1, help="How often each row is measured.")] = 5,
    rows: Annotated[
        str, typer.Option(help="Names of rows with commas between them; --names lists them.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per figure.")] = False,
    names: Annotated[bool, typer.Option("--names", help="List the rows and end.")] = False,
) -> None:
    """Measure the bridge and the painting on this machine."""
    from bridge.cli.bench.table import ROWS

    chosen = _chosen(rows, ROWS)
    for row in chosen:
        if names:
            typer.echo(f"{row.name:<12} {row.about}")
            continue
        for figure in row.measured(runs):
            typer.echo(json.dumps(asdict(figure)) if as_json else str(figure))


def _chosen(rows: str, every: Sequence[Row]) -> list[Row]:
    from bridge.cli.failures import InputFailure

    wanted = [name.strip() for name in rows.split(",") if name.strip()]
    known = {row.name: row for row in every}
    for name in wanted:
        if name not in known:
            raise InputFailure(f"There is no row {name}; there are {', '.join(known)}.")
    return [known[name] for name in wanted] if wanted else list(every)
