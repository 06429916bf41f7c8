"""`mahlstick demo`: a photograph inpainted, outpainted and varied, and a picture from a prompt.

It is what a newcomer sees first and the first end-to-end proof: everything goes through the
bridge, over the WebSocket, as it does from an editor.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.cli.painting import Outcome
    from bridge.cli.sheets import Cell, Row
    from bridge.wire.client import Client
    from bridge.wire.messages import Picture, Submit
    from engine import Pixels

MOON_BOX = (96, 24, 256, 256)  # left, top, width, height in the photograph
CROP = (60, 0, 640, 384)  # left, top, width, height in the file
SEA = "a full moon over the sea at night"
SIDE = 320  # half of the photograph's width
_SHOWN_PREVIEWS = 5


@dataclass(frozen=True)
class Scene:
    """One part of the demo: a job, the canvas it paints in, and what to say of it."""

    name: str
    title: str
    submit: Submit
    canvas: Pixels | None


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("demo-output"),
    state_dir: Annotated[
        Path | None, typer.Option(help="State folder of the bridge to use or start.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of all four parts; each has its own if left out.")
    ] = None,
) -> None:
    """Paint into a real photograph, four ways; pictures and a contact sheet land in a folder."""
    from rich.console import Console

    from bridge.cli.paint import writable
    from bridge.cli.running import connected

    folder = writable(out)
    with resources.as_file(resources.files("bridge.demo") / "sunset.jpg") as path:
        photograph = shown_photograph(path)
    console = Console(stderr=True)
    rows: list[Row] = []
    began = time.monotonic()
    with connected(state_dir) as client:
        for scene in scenes(photograph, seed):
            rows += _shown(client, scene, folder, console)
    _write_sheet(rows, folder / "contact-sheet.png")
    typer.echo(
        f"All four in {time.monotonic() - began:.1f} s. Look at {folder / 'contact-sheet.png'}"
    )


def shown_photograph(path: Path) -> Pixels:
    """Return the part of the photograph that is shown: sky, sun and hills."""
    import numpy as np

    from bridge.cli.pictures import load_picture

    left, top, width, height = CROP
    whole = load_picture(path).rgba
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def scenes(photograph: Pixels, seed: int | None = None) -> Sequence[Scene]:
    """Return the four parts of the demo for a photograph (H, W, 4)."""
    import numpy as np

    from bridge.cli.painting import raw_picture
    from bridge.wire.messages import Extension, MaskOptions, Submit

    left, top, width, height = MOON_BOX
    mask = np.zeros(photograph.shape[:2], np.uint8)
    mask[top : top + height, left : left + width] = 255
    picture = raw_picture(photograph)
    moon = Submit(
        job="",
        mode="inpaint",
        prompt="a full moon",
        image=picture,
        mask=raw_picture(mask),
        masks=MaskOptions(feather=8),  # the small model's cells are coarse: keep it to the box
        seed=9 if seed is None else seed,
    )
    wide = Submit(
        job="",
        mode="outpaint",
        prompt="",  # goes on with what is there
        image=picture,
        extension=Extension(left=SIDE, right=SIDE),
        candidates=1,
        seed=3 if seed is None else seed,
    )
    vary = Submit(job="", mode="vary", image=picture, seed=7 if seed is None else seed)
    sea = Submit(job="", mode="generate", prompt=SEA, seed=0 if seed is None else seed)
    return (
        Scene("moon", "A moon, painted into the selected sky", moon, photograph),
        Scene("wider", "The photograph, wider by half on both sides", wide, photograph),
        Scene("variations", "Four variations of the photograph", vary, photograph),
        Scene("sea", f'Four pictures from "{SEA}"', sea, None),
    )


def _shown(client: Client, scene: Scene, folder: Path, console: object) -> list[Row]:
    from rich.console import Console

    from bridge.cli.paint import save
    from bridge.cli.painting import paint
    from bridge.cli.progress import Progress
    from bridge.cli.sealing import Seal
    from bridge.cli.sheets import Row

    assert isinstance(console, Console)  # noqa: S101 - typed here so that rich loads late
    with Progress(console, scene.title) as progress:
        outcome = paint(client, scene.submit, scene.canvas, progress.show)
    save(outcome, scene.name, folder, Seal(client).on)
    count = len(outcome.results)
    first = outcome.first_preview_s or 0.0
    typer.echo(
        f"{scene.title}: {count} in {outcome.seconds:.1f} s, the first preview after {first:.2f} s"
    )
    title = f"{scene.title}  ({outcome.seconds:.1f} s)"
    return [
        Row(_results(outcome), 300, title),
        Row(_forming(outcome), 120, "how the first one formed"),
    ]


def _results(outcome: Outcome) -> list[Cell]:
    from bridge.cli.sheets import Cell

    return [
        Cell(r.merged, f"seed {r.seed}" + (f", score {r.score:.2f}" if r.score is not None else ""))
        for r in outcome.results
    ]


def _forming(outcome: Outcome) -> list[Cell]:
    """Return a few of the best candidate's previews, first to last."""
    from bridge.cli.sheets import Cell

    best = outcome.results[0].candidate
    previews = outcome.previews.get(best, [])
    last = len(previews) - 1
    picked = sorted({round(i * last / (_SHOWN_PREVIEWS - 1)) for i in range(_SHOWN_PREVIEWS)})
    return [Cell(_pixels(previews[i]), f"step {i + 1}") for i in picked if previews]


def _pixels(picture: Picture) -> Pixels:
    import numpy as np

    from bridge.cli.progress import opened

    return np.asarray(opened(picture))


def _write_sheet(rows: Sequence[Row], path: Path) -> None:
    from bridge.cli.sheets import contact_sheet

    contact_sheet([row for row in rows if row.cells]).save(path)
