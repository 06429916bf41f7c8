"""The darkroom's process, started by `darkroom` alone.

python -m bridge.workers.prints FOLDER LOG_LEVEL LOG_FORMAT

One order at a time comes in on standard input and is answered on what was standard output. It ends
when the bridge does.
"""

from __future__ import annotations

import io
import logging
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bridge.blobs import Blobs
from bridge.logs import LogStyle, log_to_stderr
from bridge.wire.errors import BAD_REQUEST, INTERNAL, TOO_LARGE
from bridge.wire.limits import MAX_SIDE
from bridge.workers.child import private_pipes, read_note
from bridge.workers.pipe import Note
from engine import Alpha, Box, labelled, merged

Pixels = NDArray[np.uint8]
FORMATS = ("PNG", "JPEG", "WEBP")
_FAULT = "The picture could not be processed because of a fault in the bridge; its log says more."
_PNG_LEVEL = 1  # a tenth of the time of the usual one, for files a tenth larger

log = logging.getLogger(__name__)


class UnusableError(Exception):
    """An upload that cannot be used."""

    def __init__(self, field: str, sentence: str, code: str = BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.field = field
        self.code = code


def answered(note: Note, blobs: Blobs) -> Note:
    """Return the answer to an order; raises nothing."""
    try:
        return _OPERATIONS[note.head["op"]](note, blobs)
    except UnusableError as error:
        return Note({"refused": str(error), "code": error.code, "field": error.field})
    except Exception:
        log.exception("A picture could not be processed.")
        return Note({"refused": _FAULT, "code": INTERNAL, "field": ""})


def _developed(note: Note, blobs: Blobs) -> Note:
    length = note.head["image"]
    rgba = opened(note.body[:length], "image")
    mask = None
    if note.head["select"]:
        mask = selection(rgba, opened(note.body[length:], "mask") if note.head["masked"] else None)
    return Note(
        {
            "width": rgba.shape[1],
            "height": rgba.shape[0],
            "canvas": blobs.put(rgba.data),
            "mask": None if mask is None else blobs.put(mask.data),
        }
    )


def opened(content: bytes, field: str) -> Pixels:
    """Return a file as upright RGBA (H, W, 4); raises UnusableError.

    The size in the file's header is looked at before a pixel is decoded.
    """
    try:
        with warnings.catch_warnings():
            # Pillow's own limit is met by ours; its other warnings say nothing about pixels.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            _check(image, field)
            image.load()
    except Image.DecompressionBombError as error:
        raise UnusableError(field, _too_large(field, "far too large"), TOO_LARGE) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnusableError(
            field,
            f"The {field} cannot be read: the file is damaged, or is no PNG, JPEG or WebP. Export"
            " it again from the program that made it.",
        ) from error
    upright = ImageOps.exif_transpose(image)
    return np.ascontiguousarray(np.asarray(upright.convert("RGBA"), dtype=np.uint8))


def _check(image: Image.Image, field: str) -> None:
    if max(image.size) > MAX_SIDE:
        raise UnusableError(
            field, _too_large(field, f"{image.width}x{image.height} pixels"), TOO_LARGE
        )
    if getattr(image, "n_frames", 1) != 1:
        raise UnusableError(field, f"The {field} is animated; send a single frame of it.")
    if image.mode in ("CMYK", "LAB", "I", "F") or image.mode.startswith("I;") or _is_deep(image):
        raise UnusableError(
            field,
            f"The {field} has more than 8 bits a channel or is not RGB ({image.mode}). Convert it"
            " to 8-bit sRGB first, so that you see what the conversion does.",
        )


def _too_large(field: str, size: str) -> str:
    return f"The {field} is {size}; no side may exceed {MAX_SIDE} pixels. Scale it down or crop it."


def _is_deep(image: Image.Image) -> bool:
    """Tell a 16-bit RGB PNG, which Pillow would silently reduce to 8 bits."""
    tiles = getattr(image, "tile", None) or []
    return any(";16" in str(part) for tile in tiles for part in tile[3:])


def selection(rgba: Pixels, mask: Pixels | None) -> Pixels | None:
    """Return where paint goes (H, W), 255 = paint; None when an opaque image comes without a mask.

    The transparent parts of the mask, or without one of the image itself, are painted.
    """
    if mask is None:
        transparency = 255 - rgba[..., 3]
        return transparency if transparency.any() else None
    if mask.shape != rgba.shape:
        raise UnusableError(
            "mask",
            f"The mask is {mask.shape[1]}x{mask.shape[0]} pixels, the image"
            f" {rgba.shape[1]}x{rgba.shape[0]}. Both must have the same size.",
        )
    transparency = 255 - mask[..., 3]
    if not transparency.any():
        raise UnusableError(
            "mask",
            "The mask is opaque everywhere, so nothing would be painted. Make it transparent"
            " (alpha 0) where paint shall go.",
        )
    return transparency


def _printed(note: Note, blobs: Blobs) -> Note:
    box = note.head["box"]
    patch = np.frombuffer(note.body, np.uint8).reshape(box["height"], box["width"], 4)
    merged = _laid(patch, box, note.head["under"], blobs)
    return _filed(merged, note.head["output"], note.head["record"])


def _proofed(note: Note, blobs: Blobs) -> Note:
    length, box, context = note.head["preview"], note.head["box"], note.head["context"]
    preview = Image.open(io.BytesIO(note.body[:length]), formats=("JPEG",)).convert("RGB")
    seen = preview.resize((context["width"], context["height"]), Image.Resampling.BICUBIC)
    left, top = box["left"] - context["left"], box["top"] - context["top"]
    paint = seen.crop((left, top, left + box["width"], top + box["height"]))
    mask = np.frombuffer(note.body[length:], np.uint8).reshape(box["height"], box["width"])
    patch = np.dstack((np.asarray(paint), mask))
    return _filed(_laid(patch, box, note.head["under"], blobs), note.head["output"], {})


def _laid(patch: Pixels, box: dict[str, int], under: dict[str, Any], blobs: Blobs) -> Pixels:
    """Return the whole canvas with the patch laid in, by the engine's own arithmetic."""
    canvas = np.zeros((under["height"], under["width"], 4), np.uint8)
    if under["canvas"] is not None:
        sent = np.frombuffer(blobs.read(under["canvas"]), np.uint8)
        canvas = sent.reshape(canvas.shape)
    alpha = Alpha.KEEP if under["keeps_alpha"] else Alpha.OVER
    return merged(canvas, patch, Box(**box), alpha)


def _filed(rgba: Pixels, output: dict[str, Any], record: dict[str, Any]) -> Note:
    transparent = bool((rgba[..., 3] != 255).any())
    image = Image.fromarray(rgba if transparent else np.ascontiguousarray(rgba[..., :3]))
    size = tuple(output["size"]) if output["size"] else image.size
    if size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    content = encoded(image, output["format"], output["compression"], record)
    head = {"width": image.width, "height": image.height, "transparent": transparent}
    return Note(head, content)


def encoded(
    image: Image.Image, kind: str, compression: int | None, record: dict[str, Any]
) -> bytes:
    """Return a picture as a file, which carries its record where there is a whole one."""
    options: dict[str, Any] = {"compress_level": _PNG_LEVEL}
    if kind == "webp":
        lossless = compression in (None, 100)
        quality = 0 if lossless else compression  # of a lossless file: how hard it is compressed
        options = {"lossless": lossless, "quality": quality, "method": 2, "exact": True}
    elif kind == "jpeg":
        options = {"quality": 95 if compression is None else max(1, round(compression * 0.95))}
        image = _on_white(image)
    if "format" in record:
        return labelled(image, kind, record, **options)
    file = io.BytesIO()
    image.save(file, kind.upper(), **options)
    return file.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, image).convert("RGB")


def _sheeted(note: Note, _blobs: Blobs) -> Note:
    from bridge.cli.sheets import Cell, Row, contact_sheet  # loads the command line

    cells: list[Cell] = []
    rest = note.body
    for length, caption in zip(note.head["lengths"], note.head["captions"], strict=True):
        image = Image.open(io.BytesIO(rest[:length]), formats=FORMATS).convert("RGBA")
        cells.append(Cell(np.asarray(image), caption))
        rest = rest[length:]
    per_row = 3 if len(cells) in (3, 5, 6, 9) else 4
    rows = [Row(cells[start : start + per_row]) for start in range(0, len(cells), per_row)]
    sheet = contact_sheet(rows).convert("RGBA")
    return _filed(np.asarray(sheet), {**note.head["output"], "size": None}, {})


_OPERATIONS: dict[str, Callable[[Note, Blobs], Note]] = {
    "develop": _developed,
    "print": _printed,
    "proof": _proofed,
    "sheet": _sheeted,
}


def serve(incoming: BinaryIO, outgoing: BinaryIO, blobs: Blobs) -> None:
    """Answer orders until the other end is gone."""
    while (note := read_note(incoming)) is not None:
        outgoing.write(answered(note, blobs).packed())
        outgoing.flush()


def main(arguments: Sequence[str]) -> None:
    """Run the darkroom; its arguments come from the bridge."""
    folder, level, form = arguments
    log_to_stderr(LogStyle(level, "json" if form == "json" else "text"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bridge, which ends this
    incoming, outgoing = private_pipes()
    serve(incoming, outgoing, Blobs(Path(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
