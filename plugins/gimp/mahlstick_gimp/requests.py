"""What is sent for one painting: settings and, as the mode needs them, pixels and selection."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .arguments import Form, Settings
from .canvas import Canvas, Snapshot
from .errors import PainterError
from .host import Foreign
from .language import tr
from .protocol import (
    Extension,
    MaskOptions,
    ModeName,
    Picture,
    Rect,
    Submit,
    clamp,
    crop,
    grown,
    is_empty,
    new_id,
    selection_box,
)

SLACK = 48  # pixels sent around what the bridge will look at, at least
MAX_ASPECT = 4  # of what the bridge looks at; around a longer strip it sees more
_OPPOSITE = bytes(range(255, -1, -1))


@dataclass(frozen=True)
class Request:
    """A job and where it lies: `region` is what was sent, in image pixels.

    `replaced` is a layer that the result takes the place of, `form` what the result becomes.
    """

    submit: Submit
    region: Rect
    replaced: Foreign = None
    form: Form = "masked"


def fill(canvas: Canvas, settings: Settings) -> Request:
    """Paint what is selected or, with no selection, what is transparent.

    PainterError when there is neither.
    """
    if canvas.has_selection():
        return _with_selection("inpaint", canvas, settings)
    seen = canvas.snapshot(canvas.box)
    holes = seen.pixels[3::4].translate(_OPPOSITE)
    box = selection_box(holes, seen.box.width, seen.box.height)
    if is_empty(box):
        raise PainterError(
            tr(
                "Nothing is selected, and nothing in the picture is transparent: there is nothing "
                "to fill. Select the part that is to be painted (a soft edge is honoured), then "
                "try again."
            )
        )
    part = _cropped(Snapshot(seen.box, seen.pixels, holes), region_around(box, seen.box, settings))
    return masked("inpaint", part, settings)


def refine(canvas: Canvas, settings: Settings) -> Request:
    """Paint over what is selected, or over everything, keeping what is there in view."""
    if canvas.has_selection():
        return _with_selection("refine", canvas, settings)
    whole = _whole("refine", canvas, settings)
    return Request(replace(whole.submit, strength=settings.strength), whole.region)


def vary(canvas: Canvas, settings: Settings) -> Request:
    """Paint a picture like the one there is, of its size."""
    return varied(canvas.snapshot(canvas.box), settings)


def varied(seen: Snapshot, settings: Settings) -> Request:
    """Ask for a picture like a part of the image, of its size and in its place."""
    box = seen.box
    picture = Picture(box.width, box.height, "rgba8", seen.pixels)
    origin = (box.left, box.top)
    return Request(replace(_submit("vary", settings), image=picture, origin=origin), box)


def generate(canvas: Canvas, settings: Settings) -> Request:
    """Paint a new picture as large as the image."""
    return generated(canvas.box, settings)


def generated(box: Rect, settings: Settings) -> Request:
    """Ask for a new picture for a box of the image."""
    submit = replace(
        _submit("generate", settings),
        width=box.width,
        height=box.height,
        origin=(box.left, box.top),
    )
    return Request(submit, box)


def outpaint(canvas: Canvas, settings: Settings) -> Request:
    """Paint beyond the image's borders; PainterError when it is not to grow."""
    sides = Extension(settings.left, settings.top, settings.right, settings.bottom)
    if sides == Extension():
        raise PainterError(
            tr(
                "The picture is to grow by 0 pixels on every side. Say at left, right, top or "
                "bottom by how many pixels it grows."
            )
        )
    whole = _whole("outpaint", canvas, settings)
    return Request(replace(whole.submit, extension=sides), whole.region)


def upscale(canvas: Canvas, settings: Settings) -> Request:
    """Make the whole image larger and paint the details that it then lacks."""
    whole = _whole("upscale", canvas, settings)
    submit = replace(whole.submit, factor=settings.factor, strength=settings.strength)
    return Request(submit, whole.region)


def _with_selection(mode: ModeName, canvas: Canvas, settings: Settings) -> Request:
    region = region_around(canvas.selection_box(), canvas.box, settings)
    return masked(mode, canvas.snapshot(region), settings)


def masked(mode: ModeName, seen: Snapshot, settings: Settings) -> Request:
    """Ask for what is selected in a part of the image to be painted."""
    region = seen.box
    submit = replace(
        _submit(mode, settings),
        image=Picture(region.width, region.height, "rgba8", seen.pixels),
        mask=Picture(region.width, region.height, "gray8", seen.selection),
        strength=settings.strength,
        origin=(region.left, region.top),
    )
    return Request(submit, region)


def _cropped(seen: Snapshot, region: Rect) -> Snapshot:
    size = (seen.box.width, seen.box.height)
    return Snapshot(
        region, crop(seen.pixels, size, region, 4), crop(seen.selection, size, region, 1)
    )


def _whole(mode: ModeName, canvas: Canvas, settings: Settings) -> Request:
    box = canvas.box
    picture = Picture(box.width, box.height, "rgba8", canvas.snapshot(box).pixels)
    return Request(replace(_submit(mode, settings), image=picture), box)


def _submit(mode: ModeName, settings: Settings) -> Submit:
    return Submit(
        job=new_id(),
        mode=mode,
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt,
        candidates=settings.candidates,
        seed=settings.seed,
        steps=settings.steps,
        guidance=settings.guidance,
        sampler=settings.sampler,
        model=settings.model,
        masks=MaskOptions(soft_edge=settings.soft_edge),
        # GIMP's own Cancel kills the plug-in; nobody would ever fetch the result.
        on_disconnect="cancel",
    )


def region_around(box: Rect, whole: Rect, settings: Settings) -> Rect:
    """Return what must be sent so that the bridge sees all the context it wants, and hardly more.

    The bridge's own figure at full strength, the largest there is, and a quarter on top.
    """
    diagonal = math.hypot(box.width, box.height)
    context = max(0.10 * diagonal, 32) + 4 + 0.06 * diagonal
    context += max(max(whole.width, whole.height) / 16, (box.width + box.height) / 4)
    margin = math.ceil(1.25 * context) + SLACK + settings.soft_edge
    wide, high = box.width + 2 * margin, box.height + 2 * margin
    more = max(0, max(wide, high) // MAX_ASPECT - min(wide, high)) // 2
    around = grown(box, margin)
    if more:
        across, down = (0, more) if wide > high else (more, 0)
        around = Rect(around.left - across, around.top - down, wide + 2 * across, high + 2 * down)
    return clamp(around, whole)
