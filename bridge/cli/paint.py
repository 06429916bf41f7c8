"""`mahlstick paint`: one job from the command line, over the same WebSocket the editors use."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.failures import InputFailure

if TYPE_CHECKING:
    from bridge.cli.painting import Outcome, Result
    from bridge.cli.pictures import Loaded
    from bridge.wire.messages import ModeName, Submit
    from engine import Pixels

MAX_CANDIDATES = 16
Signing = Callable[[bytes, str, int], bytes]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was typed, before the files were opened."""

    prompt: str
    negative: str = ""
    image: Path | None = None
    mask: Path | None = None
    select: str | None = None
    extend: str | None = None
    vary: bool = False
    second: Path | None = None
    instead_of: str | None = None
    mix: float | None = None
    upscale: float | None = None
    strength: float | None = None
    candidates: int = 4
    size: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    schedule: str | None = None
    model: str | None = None
    presets: tuple[str, ...] = ()
    prefill: str | None = None
    upscaler: str | None = None
    soft_edge: int = 0


def paint(
    prompt: Annotated[
        str, typer.Argument(help="What to paint. Empty fills from the surroundings.")
    ],
    negative: Annotated[
        str, typer.Option("--negative", help="What to keep out of the picture.")
    ] = "",
    image: Annotated[Path | None, typer.Option(help="The picture to paint in.")] = None,
    mask: Annotated[
        Path | None, typer.Option(help="White paints, black keeps; or transparent paints.")
    ] = None,
    select: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="A rectangle to paint instead of a mask.")
    ] = None,
    extend: Annotated[
        str | None, typer.Option(metavar="SIDES", help="Outpaint: left=256,right=256,...")
    ] = None,
    vary: Annotated[bool, typer.Option("--vary", help="Paint variations of the picture.")] = False,
    second: Annotated[
        Path | None, typer.Option(help="Vary between --image and this picture.")
    ] = None,
    instead_of: Annotated[
        str | None,
        typer.Option(help="Vary: what the picture shows; the prompt is shown instead."),
    ] = None,
    mix: Annotated[
        float | None,
        typer.Option(help="How far towards the second picture or the prompt, 0 to 1."),
    ] = None,
    upscale: Annotated[
        float | None, typer.Option(metavar="FACTOR", help="Enlarge the picture, 1 to 8 times.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="How much may change, above 0 up to 1; below 1 refines.")
    ] = None,
    candidates: Annotated[int, typer.Option("-n", "--candidates", help="How many pictures.")] = 4,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Size of a new picture.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed paints the same picture; drawn if left out.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    guidance: Annotated[
        float | None, typer.Option(help="How closely to follow the prompt.")
    ] = None,
    sampler: Annotated[str | None, typer.Option(help="Sampler, such as euler or dpmpp_2m.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Schedule of the noise levels.")] = None,
    model: Annotated[str | None, typer.Option(help="Model; the embedded one if left out.")] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option(help="Words laid around the prompt; may be given again. See: presets."),
    ] = None,
    prefill: Annotated[
        str | None, typer.Option(help="What a hole is filled with before it is painted.")
    ] = None,
    upscaler: Annotated[
        str | None, typer.Option(help="What enlarges before it is refined; lanczos if left out.")
    ] = None,
    soft_edge: Annotated[
        int, typer.Option(help="Pixels by which paint may fade out of the selection.")
    ] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("paintings"),
    state_dir: Annotated[
        Path | None, typer.Option(help="State folder of the bridge to use or start.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per result.")] = False,
) -> None:
    """Paint from a prompt, into a picture, around it, or after it."""
    wish = Wish(
        prompt=prompt,
        negative=negative,
        image=image,
        mask=mask,
        select=select,
        extend=extend,
        vary=vary,
        second=second,
        instead_of=instead_of,
        mix=mix,
        upscale=upscale,
        strength=strength,
        candidates=candidates,
        size=size,
        seed=seed,
        steps=steps,
        guidance=guidance,
        sampler=sampler,
        schedule=schedule,
        model=model,
        presets=tuple(preset or ()),
        prefill=prefill,
        upscaler=upscaler,
        soft_edge=soft_edge,
    )
    _painted(wish, out, state_dir, as_json)


def _painted(wish: Wish, out: Path, state_dir: Path | None, as_json: bool) -> None:
    from rich.console import Console

    from bridge.cli.painting import paint as run
    from bridge.cli.progress import Progress
    from bridge.cli.running import connected
    from bridge.cli.sealing import Seal

    submit, canvas = submission(wish)
    folder = writable(out)
    console = Console(stderr=True, quiet=as_json)
    with connected(state_dir) as client, Progress(console, submit.mode) as progress:
        outcome = run(client, submit, canvas, progress.show)
        saved = save(outcome, wish.prompt or submit.mode, folder, Seal(client, wish.image).on)
    if as_json:
        for line in saved:
            typer.echo(json.dumps(line))
    else:
        _report(outcome, saved, folder)


def submission(wish: Wish) -> tuple[Submit, Pixels | None]:
    """Return the message for a wish and the canvas it paints in; raises InputFailure."""
    from bridge.cli.painting import raw_picture
    from bridge.cli.pictures import load_picture, parse_extension, parse_size
    from bridge.wire.messages import MaskOptions, Submit

    mode = chosen_mode(wish)
    loaded = load_picture(wish.image) if wish.image else None
    mask = _mask(wish, loaded)
    width, height = parse_size(wish.size) if wish.size else (None, None)
    if not 1 <= wish.candidates <= MAX_CANDIDATES:
        raise InputFailure(f"-n {wish.candidates}: accepted are 1 to {MAX_CANDIDATES} pictures.")
    submit = Submit(
        job="",
        mode=mode,
        prompt=wish.prompt,
        negative_prompt=wish.negative,
        image=raw_picture(loaded.rgba) if loaded else None,
        mask=raw_picture(mask) if mask is not None else None,
        width=width,
        height=height,
        extension=parse_extension(wish.extend) if wish.extend is not None else None,
        factor=wish.upscale,
        strength=wish.strength,
        candidates=wish.candidates,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        sampler=wish.sampler,
        schedule=wish.schedule,
        model=wish.model,
        presets=list(wish.presets),
        prefill=wish.prefill,
        upscaler=wish.upscaler,
        second_image=raw_picture(load_picture(wish.second).rgba) if wish.second else None,
        instead_of=wish.instead_of,
        mix=wish.mix,
        masks=MaskOptions(soft_edge=wish.soft_edge),
        on_disconnect="cancel",
    )
    return submit, loaded.rgba if loaded else None


def chosen_mode(wish: Wish) -> ModeName:
    """Return the mode the options ask for; raises InputFailure where they contradict each other."""
    if wish.mask and wish.select:
        raise InputFailure("Give either --mask or --select, not both.")
    masked = wish.mask is not None or wish.select is not None
    wanted: dict[ModeName, bool] = {
        "outpaint": wish.extend is not None,
        "vary": wish.vary or wish.second is not None or wish.instead_of is not None,
        "upscale": wish.upscale is not None,
        "inpaint": masked,
    }
    asked: list[ModeName] = [mode for mode, is_wanted in wanted.items() if is_wanted]
    if len(asked) > 1:
        raise InputFailure(
            f"These options ask for {' and '.join(asked)} at once. Choose one: --mask or --select "
            "(inpaint), --extend (outpaint), --vary (also --second, --instead-of), or --upscale."
        )
    if asked and wish.image is None:
        raise InputFailure(f"To {asked[0]}, give the picture with --image FILE.")
    if wish.image is not None and wish.size is not None and asked != ["vary"]:
        raise InputFailure(
            "--size is for new pictures; a picture given with --image keeps its own."
        )
    if asked == ["inpaint"] and wish.strength is not None and wish.strength < 1:
        return "refine"
    if asked:
        return asked[0]
    return "refine" if wish.image else "generate"


def _mask(wish: Wish, loaded: Loaded | None) -> Pixels | None:
    from bridge.cli.pictures import load_mask, parse_rect, rect_mask

    if loaded is None:
        return None
    if wish.mask:
        return load_mask(wish.mask, loaded)
    return rect_mask(parse_rect(wish.select), loaded) if wish.select else None


def writable(folder: Path) -> Path:
    """Return the folder, made if it was missing; raises InputFailure before anything is painted."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".mahlstick-probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputFailure(
            f"The folder {folder} cannot be written to: {error.strerror or error}. "
            "Name another with --out."
        ) from error
    return folder


def save(outcome: Outcome, name: str, folder: Path, seal: Signing) -> list[dict[str, Any]]:
    """Write each result as a PNG with its record, signed, and a contact sheet of several.

    `seal(content, job, candidate)` returns the file signed.
    """
    from bridge.cli.sheets import Cell, Row, contact_sheet

    stem = re.sub(r"\W+", "-", name.lower()).strip("-")[:40] or "painting"
    lines = []
    for result in outcome.results:
        path = folder / f"{stem}-{result.seed}-{result.candidate}.png"
        path.write_bytes(seal(stamped(result), outcome.job, result.candidate))
        lines.append(_line(path, result))
    if len(lines) > 1:
        cells = [Cell(r.merged, _caption(r)) for r in outcome.results]
        per_row = 3 if len(cells) == 9 else 4
        rows = [Row(cells[i : i + per_row]) for i in range(0, len(cells), per_row)]
        seed = outcome.started.seed if outcome.started else 0
        contact_sheet(rows).save(folder / f"{stem}-{seed}-sheet.png")
    return lines


def _caption(result: Result) -> str:
    score = f", score {result.score:.3f}" if result.score is not None else ""
    return f"{result.candidate}: seed {result.seed}{score}"


def stamped(result: Result) -> bytes:
    """Return a result as a PNG that carries its record."""
    from PIL import Image

    from engine import labelled

    return labelled(Image.fromarray(_plain(result.merged)), "png", result.record)


def _line(path: Path, result: Result) -> dict[str, Any]:
    line: dict[str, Any] = {
        "path": str(path),
        "seed": result.seed,
        "candidate": result.candidate,
        "width": result.merged.shape[1],
        "height": result.merged.shape[0],
        "seconds": round(result.seconds, 3),
    }
    if result.score is not None:
        line["score"] = round(result.score, 4)
    return line


def _plain(rgba: Pixels) -> Pixels:
    """Return RGB where nothing is transparent: smaller files that every program opens."""
    return rgba[..., :3] if bool((rgba[..., 3] == 255).all()) else rgba


def _report(outcome: Outcome, saved: list[dict[str, Any]], folder: Path) -> None:
    for line in saved:
        score = f"  score {line['score']:.3f}" if "score" in line else ""
        typer.echo(f"{line['path']}  {line['width']}x{line['height']}  seed {line['seed']}{score}")
    first = (
        f", first preview after {outcome.first_preview_s:.2f} s" if outcome.first_preview_s else ""
    )
    typer.echo(f"{len(saved)} painted in {outcome.seconds:.1f} s{first}; they are in {folder}")
