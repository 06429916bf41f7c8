"""What is sent for one painting: settings and, as the mode needs them, pixels and selection."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .arguments import Settings
from .canvas import Canvas
from .errors import PainterError
from .protocol import (
    Extension,
    MaskOptions,
    ModeName,
    Picture,
    Rect,
    Submit,
    grown,
    intersection,
    new_id,
)

WHOLE_SIDE = 2048  # images up to this size are sent whole: the bridge chooses the context itself
MARGIN = 256  # pixels sent around the selection of a larger image, at least


@dataclass(frozen=True)
class Request:
    """A job and where it lies: `region` is what was sent, in image pixels."""

    submit: Submit
    region: Rect


def fill(canvas: Canvas, settings: Settings) -> Request:
    """Paint what is selected; PainterError when nothing is."""
    if not canvas.has_selection():
        raise PainterError(
            "Nothing is selected, so there is nothing to fill. Select the part of the picture "
            "that is to be painted (a soft edge is honoured), then try again."
        )
    return _with_selection("inpaint", canvas, settings)


def refine(canvas: Canvas, settings: Settings) -> Request:
    """Paint over what is selected, or over everything, keeping what is there in view."""
    if canvas.has_selection():
        return _with_selection("refine", canvas, settings)
    whole = _whole("refine", canvas, settings)
    return Request(replace(whole.submit, strength=settings.strength), whole.region)


def vary(canvas: Canvas, settings: Settings) -> Request:
    """Paint a picture like the one there is, of its size."""
    return _whole("vary", canvas, settings)


def generate(canvas: Canvas, settings: Settings) -> Request:
    """Paint a new picture as large as the image."""
    submit = replace(_submit("generate", settings), width=canvas.width, height=canvas.height)
    return Request(submit, canvas.box)


def outpaint(canvas: Canvas, settings: Settings) -> Request:
    """Paint beyond the image's borders; PainterError when it is not to grow."""
    sides = Extension(settings.left, settings.top, settings.right, settings.bottom)
    if sides == Extension():
        raise PainterError(
            "The picture is to grow by 0 pixels on every side. Say at left, right, top or bottom "
            "by how many pixels it grows."
        )
    whole = _whole("outpaint", canvas, settings)
    return Request(replace(whole.submit, extension=sides), whole.region)


def _with_selection(mode: ModeName, canvas: Canvas, settings: Settings) -> Request:
    region = _region(canvas.selection_box(), canvas.box)
    seen = canvas.snapshot(region)
    submit = replace(
        _submit(mode, settings),
        image=Picture(region.width, region.height, "rgba8", seen.pixels),
        mask=Picture(region.width, region.height, "gray8", seen.selection),
        strength=settings.strength,
        origin=(region.left, region.top),
    )
    return Request(submit, region)


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


def _region(box: Rect, whole: Rect) -> Rect:
    if max(whole.width, whole.height) <= WHOLE_SIDE:
        return whole
    margin = max(MARGIN, (box.width + box.height) // 2)
    return intersection(grown(box, margin), whole)
