"""`python -m engine.embedded.train`: draw the pictures, train the stages, write the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.embedded.train.company import alone, together
from engine.embedded.train.recipe import Recipe
from engine.embedded.train.stages import SHARED, STAGES

HERE = Path(__file__).resolve().parents[1]


def main(
    stages: Annotated[str, typer.Option(help="Which, in order: a list with commas.")] = ",".join(
        STAGES
    ),
    recipe: Annotated[Path, typer.Option(help="The recipe.")] = HERE / "recipe.toml",
    runs: Annotated[Path, typer.Option(help="Where the work lies.")] = Path("runs"),
    threads: Annotated[int, typer.Option(help="CPU threads; 0 = torch's own choice.")] = 0,
    processes: Annotated[int, typer.Option(help="How many train the decoder together.")] = 1,
    half: Annotated[bool, typer.Option(help="bf16 where the arithmetic allows it.")] = True,
) -> None:
    """Train the embedded model; stages already finished are skipped, others resume."""
    told = Recipe.read(recipe, runs, half=half)
    for name in stages.split(","):
        if name in SHARED and processes > 1:
            together(name, told, threads, processes)
        else:
            alone(name, told, threads)


if __name__ == "__main__":
    typer.run(main)
