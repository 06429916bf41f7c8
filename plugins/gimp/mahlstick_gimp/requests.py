"""What is sent for one painting: settings, the pixels around the selection, the selection."""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import Settings
from .canvas import Canvas
from .protocol import MaskOptions, Picture, Rect, Submit, grown, intersection, new_id

WHOLE_SIDE = 2048  # images up to this size are sent whole: the bridge chooses the context itself
MARGIN = 256  # pixels sent around the selection of a larger image, at least


@dataclass(frozen=True)
class Request:
    """A job and where it lies: `region` is what was sent, in image pixels."""

    submit: Submit
    region: Rect


def fill_request(canvas: Canvas, settings: Settings) -> Request:
    """The request to paint what is selected; PainterError when nothing is."""
    box = canvas.selection_box()
    region = _region(box, canvas)
    seen = canvas.snapshot(region)
    submit = Submit(
        job=new_id(),
        mode="inpaint",
        prompt=settings.prompt,
        negative_prompt=settings.negative_prompt,
        image=Picture(region.width, region.height, "rgba8", seen.pixels),
        mask=Picture(region.width, region.height, "gray8", seen.selection),
        strength=settings.strength,
        candidates=settings.candidates,
        seed=settings.seed,
        steps=settings.steps,
        guidance=settings.guidance,
        sampler=settings.sampler,
        model=settings.model,
        masks=MaskOptions(soft_edge=settings.soft_edge),
        origin=(region.left, region.top),
        # GIMP's own Cancel kills the plug-in; nobody would ever fetch the result.
        on_disconnect="cancel",
    )
    return Request(submit, region)


def _region(box: Rect, canvas: Canvas) -> Rect:
    whole = Rect(0, 0, canvas.width, canvas.height)
    if max(whole.width, whole.height) <= WHOLE_SIDE:
        return whole
    margin = max(MARGIN, (box.width + box.height) // 2)
    return intersection(grown(box, margin), whole)
