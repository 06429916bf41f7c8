"""`mahlstick replay`: paints a picture again from the record in its file, and compares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.failures import InputFailure, JobFailure

if TYPE_CHECKING:
    from bridge.cli.painting import Result
    from bridge.wire.messages import Submit
    from engine import Pixels


def replay(
    file: Annotated[Path, typer.Argument(help="A picture that Mahlstick painted.")],
    image: Annotated[
        Path | None, typer.Option(help="The picture it was painted in, where there was one.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option(help="The mask that was used: white paints, black keeps.")
    ] = None,
    select: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="The rectangle that was selected.")
    ] = None,
    second: Annotated[
        Path | None, typer.Option(help="The second picture of a mix, where there was one.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the new picture.")] = Path("paintings"),
    state_dir: Annotated[
        Path | None, typer.Option(help="State folder of the bridge to use or start.")
    ] = None,
) -> None:
    """Paint a picture again from its record, and say whether it is the same."""
    from rich.console import Console

    from bridge.cli.paint import stamped, writable
    from bridge.cli.painting import paint as run
    from bridge.cli.pictures import load_picture
    from bridge.cli.progress import Progress
    from bridge.cli.running import connected
    from bridge.cli.sealing import Seal

    record = record_of(file)
    given = replace(_given(record, image, mask, select), second=_second(record, second))
    submit, folder = submission(record, given), writable(out)
    before = load_picture(file).rgba
    console = Console(stderr=True)
    with connected(state_dir) as client, Progress(console, submit.mode) as progress:
        outcome = run(client, submit, given.image, progress.show)
        result = _meant(outcome.results, record)
        content = Seal(client, image).on(stamped(result), outcome.job, result.candidate)
    path = folder / f"{file.stem}-replayed.png"
    path.write_bytes(content)
    for line in compared(before, result.merged, record, result.record):
        typer.echo(line)
    typer.echo(f"The new picture is {path}")


@dataclass(frozen=True)
class Given:
    """What the recorded picture started from: RGBA (H, W, 4) and a mask (H, W), or nothing."""

    image: Pixels | None = None
    mask: Pixels | None = None
    second: Pixels | None = None


def record_of(file: Path) -> Mapping[str, Any]:
    """Return the record in a picture file; raises InputFailure where there is none."""
    from PIL import Image, UnidentifiedImageError

    from engine import recorded

    try:
        with Image.open(file, formats=["PNG", "JPEG", "WEBP"]) as picture:
            picture.load()
            record = recorded(picture)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise InputFailure(
            f"{file} cannot be read ({error}). Give a PNG, JPEG or WebP that Mahlstick painted."
        ) from error
    if record is None or "plan" not in record:
        raise InputFailure(
            f"{file} holds no record of a painting: it was not painted by Mahlstick, or another"
            " program wrote it again without its texts. Give the file as Mahlstick saved it."
        )
    return record


def submission(record: Mapping[str, Any], given: Given) -> Submit:
    """Return the job that paints a recorded picture again."""
    from bridge.cli.painting import raw_picture
    from bridge.wire.messages import Extension, MaskOptions, Submit
    from engine import replayed

    try:
        asked = replayed(record, given.image, given.mask, given.second)
    except (KeyError, TypeError, ValueError) as error:
        raise InputFailure(
            f"The record in the file is of another version ({error!r}): it cannot be repainted."
        ) from error
    extension = record["extension"]
    return Submit(
        job="",
        mode=record["mode"],
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        image=None if given.image is None else raw_picture(given.image),
        mask=None if given.mask is None else raw_picture(given.mask),
        width=None if asked.size is None else asked.size.width,
        height=None if asked.size is None else asked.size.height,
        extension=None if extension is None else Extension(**extension),
        factor=asked.factor,
        strength=asked.strength,
        candidates=asked.candidates,
        only=None if asked.only is None else list(asked.only),
        seed=asked.seed,
        steps=asked.steps,
        guidance=asked.guidance,
        sampler=asked.sampler,
        schedule=asked.schedule,
        model=asked.model,
        second_image=None if given.second is None else raw_picture(given.second),
        instead_of=asked.instead_of,
        mix=asked.mix,
        masks=MaskOptions(**record["mask_shape"]),
        plan=dict(record["plan"]),
        on_disconnect="cancel",
    )


def compared(
    before: Pixels, after: Pixels, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[str]:
    """Return sentences on two pictures (H, W, 4) of one record: the same, or what differs."""
    import numpy as np

    if before.shape != after.shape:
        sizes = [f"{shape[1]}x{shape[0]}" for shape in (before.shape, after.shape)]
        first = f"It is another picture: {sizes[0]} then, {sizes[1]} now."
    elif np.array_equal(before, after):
        return ["Identical: every pixel is as it was."]
    else:
        apart = np.abs(before.astype(int) - after).max(-1)
        first = (
            f"It differs in {np.count_nonzero(apart):,} of {apart.size:,} pixels, by"
            f" {apart.max()} of 255 at most."
        )
    return [first, *_reasons(old, new)]


def _reasons(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what is not as it was when the picture was painted."""
    told = []
    if old["model"]["sha256"] != new["model"]["sha256"]:
        told.append(f"The model {old['model']['name']} has other weights than it had.")
    for name, before in old.get("versions", {}).items():
        now = new.get("versions", {}).get(name, "none")
        if now != before:
            told.append(f"{name} is {now}; it was {before}.")
    if not told:
        told.append(
            "Model and versions are the same: another processor or device computed it, or the file"
            " was saved again with loss."
        )
    return told


def _given(
    record: Mapping[str, Any], image: Path | None, mask: Path | None, select: str | None
) -> Given:
    """Return the pixels the record asks for; raises InputFailure for none or others."""
    from bridge.cli.pictures import load_mask, load_picture, parse_rect, rect_mask

    if record["image_sha256"] is None:
        return Given()
    if image is None:
        raise InputFailure("It was painted in a picture: give that with --image FILE.")
    loaded = load_picture(image)
    _same(loaded.rgba, record["image_sha256"], f"{image} is not the picture it was painted in")
    if record["mask_sha256"] is None:
        return Given(loaded.rgba)
    if mask is None and select is None:
        raise InputFailure(
            "It was painted in a selection: give that with --mask FILE or --select X,Y,W,H."
        )
    if mask is not None:
        chosen = load_mask(mask, loaded)
    else:
        chosen = rect_mask(parse_rect(select or ""), loaded)
    _same(chosen, record["mask_sha256"], "The selection is not the one it was painted in")
    return Given(loaded.rgba, chosen)


def _second(record: Mapping[str, Any], second: Path | None) -> Pixels | None:
    """Return the second picture of a mix; raises InputFailure for none or another."""
    from bridge.cli.pictures import load_picture

    sha256 = record.get("second_image_sha256")
    if sha256 is None:
        return None
    if second is None:
        raise InputFailure("It was mixed of two pictures: give the other with --second FILE.")
    pixels = load_picture(second).rgba
    _same(pixels, sha256, f"{second} is not the picture it was mixed with")
    return pixels


def _same(pixels: Pixels, sha256: str, sentence: str) -> None:
    import numpy as np

    if hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest() != sha256:
        raise InputFailure(f"{sentence}: its pixels are others. Give the one that was used.")


def _meant(results: list[Result], record: Mapping[str, Any]) -> Result:
    for result in results:
        if result.candidate == record["candidate"]:
            return result
    raise JobFailure("The bridge painted, but not the candidate of the record. Try again.")
