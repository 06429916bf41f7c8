"""One painting's canvas from request to result: planned before the model runs, finished after.

`plan_canvas` says what the model gets and where paint will land; `finish` brings what it painted to
the canvas; `second_pass` plans the refinement at full size of what was painted small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.api import Box, Layout, Mode, PaintRequest, Pixels, Size
from engine.canvas import colour, context, masks, paste, seam
from engine.canvas.scene import Scene, scene, size_of, strength_of
from engine.canvas.spaces import Spaces, crop, evenly_resized, intersection, resized
from engine.canvas.tools import Tools

Floats = NDArray[Any]  # float32; OpenCV's stubs do not carry the type
RING = 0.08  # of the working size's mean side: how far beyond the soft border colours are compared
USUAL_EDGE = seam.Edge()
USUAL_TOOLS = Tools()
WORTH_REFINING = (
    1.2  # a picture enlarged by more than this on its way to the canvas gains by a second pass
)


@dataclass(frozen=True, slots=True)
class CanvasPlan:
    """All the core needs of the canvas; pictures are uint8 RGB (h, w, 3) at working size."""

    spaces: Spaces
    layout: Layout
    canvas_pixels: (
        Pixels | None
    )  # RGBA (H, W, 4) of the canvas as it will be; None: nothing is kept
    denoise_mask_working: Floats  # (h, w) in [0, 1], 1 = the model may act from the first step on
    known_working: (
        Pixels | None
    )  # what is kept, with the hole and transparency filled; None: nothing
    like_working: Pixels | None  # what to vary
    colour_weights: Floats | None  # (h, w): how much a pixel counts in the comparison of colours
    scene: Scene
    reach: context.Reach
    multiple: int
    latent_factor: int
    tools: Tools
    second_working: Pixels | None = None  # what to lead the variation towards

    @property
    def denoise_mask_latent(self) -> Floats:
        """The denoise mask at latent size; a cell may act as much as any pixel under it."""
        return self.spaces.to_latent(self.denoise_mask_working)


class Finish(NamedTuple):
    """One candidate on the canvas."""

    image: Pixels  # RGBA of the paste box, alpha = paste mask
    merged: Pixels  # RGBA, the whole canvas
    colour: colour.ColourReport


def plan_canvas(
    request: PaintRequest,
    native: Size,
    multiple: int,
    latent_factor: int,
    tools: Tools = USUAL_TOOLS,
) -> CanvasPlan:
    """Return the plan of a checked request for a model.

    `native` is the model's own working size, `multiple` what its sides are multiples of,
    `latent_factor` how many working pixels one latent cell is wide and high.
    """
    ground = scene(request, native, tools.upscale)
    strength = strength_of(request)
    reach = context.reach(ground.extent, ground.canvas, strength, request.mask_shape)
    if request.mode is Mode.UPSCALE:
        # The enlarged picture is refined in tiles at its own size, without resampling it once more.
        seen = context.padded_to_multiple(_all(ground.canvas), multiple, ground.canvas)
        working = seen.size
    else:
        seen = _all(ground.canvas)
        if not ground.whole:
            seen = context.around(ground.span, reach.context, ground.canvas)
        working = context.working_size(seen.size, native, multiple)
        seen = context.fitted(seen, working, ground.canvas)
    spaces = Spaces(ground.canvas, seen, working, _latent(working, latent_factor))
    plan = CanvasPlan(
        spaces=spaces,
        layout=_layout(ground, spaces, request.mask_shape.soft_edge),
        canvas_pixels=ground.pixels,
        denoise_mask_working=np.ones((working.height, working.width), np.float32),
        known_working=None,
        like_working=None if ground.like is None else _like(ground.like, working, tools),
        colour_weights=None,
        scene=ground,
        reach=reach,
        multiple=multiple,
        latent_factor=latent_factor,
        tools=tools,
        second_working=_second(request, working, tools),
    )
    return _told(_seen(plan, request.mode is Mode.UPSCALE))


def finish(plan: CanvasPlan, picture_working: Pixels, edge: seam.Edge = USUAL_EDGE) -> Finish:
    """Return what a painted working picture (RGB) becomes on the canvas.

    Outside the paste mask the merged canvas has exactly the bytes it had. `edge` says how
    far paint is bent to meet the canvas at the selection's edge.
    """
    report = colour.ColourReport()
    if plan.known_working is not None and plan.colour_weights is not None:
        report = colour.measured(plan.known_working, picture_working, plan.colour_weights)
    picture = _met(plan, colour.corrected(picture_working, report), edge)
    box, seen = plan.layout.paste_box_canvas, plan.spaces.context_canvas
    paint = crop(
        plan.spaces.to_context(picture),
        Box(box.left - seen.left, box.top - seen.top, box.width, box.height),
    )
    image = paste.patch(paint, plan.layout.paste_mask)
    return Finish(image, laid_in(plan, image), report)


def laid_in(plan: CanvasPlan, image: Pixels) -> Pixels:
    """Return the whole canvas (RGBA) with a patch of the paste box laid in."""
    canvas = plan.canvas_pixels
    if canvas is None:
        size = plan.layout.canvas
        canvas = np.zeros((size.height, size.width, 4), np.uint8)
    return paste.merged(canvas, image, plan.layout.paste_box_canvas, plan.scene.alpha)


def second_pass(
    plan: CanvasPlan, picture_working: Pixels | None, edge: seam.Edge = USUAL_EDGE
) -> CanvasPlan | None:
    """Return the plan that refines a first pass's picture at the context's own size.

    Its `known_working` is the canvas with that picture pasted in: what to start from and what to
    hold to outside the denoise mask. Run it in `tiles`. Without a picture the canvas is refined as
    it is. None when the first pass was not painted much smaller than it will be seen.
    """
    if plan.spaces.scale * WORTH_REFINING >= 1.0:
        return None
    spaces = plan.spaces
    seen = context.padded_to_multiple(spaces.context_canvas, plan.multiple, spaces.canvas)
    full = Spaces(spaces.canvas, seen, seen.size, _latent(seen.size, plan.latent_factor))
    ground = replace(plan.scene, empties=False)
    if picture_working is not None:
        ground = replace(ground, pixels=finish(plan, picture_working, edge).merged)
    larger = _seen(replace(plan, spaces=full, scene=ground), compares_all=False)
    if plan.canvas_pixels is not None:
        return larger
    everything = np.ones((seen.height, seen.width), np.float32)
    return replace(larger, denoise_mask_working=everything, colour_weights=None)


def _told(plan: CanvasPlan) -> CanvasPlan:
    """Return the plan whose layout tells the denoise mask, where there is one."""
    if plan.scene.whole:
        return plan
    mask = np.rint(plan.denoise_mask_working * 255).astype(np.uint8)
    return replace(plan, layout=replace(plan.layout, denoise_mask=mask))


def _met(plan: CanvasPlan, picture: Pixels, edge: seam.Edge) -> Pixels:
    """Return the paint with its level met at the selection's edge, where there is one."""
    ground, spaces = plan.scene, plan.spaces
    if plan.known_working is None or plan.canvas_pixels is None or ground.whole:
        return picture
    distance = masks.distance_from(spaces.context_of(ground.selection), spaces.working)
    alpha = spaces.context_of(plan.canvas_pixels[..., 3])
    opaque = resized((alpha == 255).astype(np.float32), spaces.working)
    return seam.met(picture, plan.known_working, distance, opaque, edge)


def _seen(plan: CanvasPlan, compares_all: bool) -> CanvasPlan:
    """Return the plan with what the model is shown and the masks, at its working size."""
    ground, spaces = plan.scene, plan.spaces
    if ground.pixels is None:
        return plan
    selection = spaces.context_of(ground.selection)
    pixels = spaces.context_of(ground.pixels)
    opaque = pixels[..., 3].astype(np.float32) / 255.0
    kept = opaque * (1.0 - selection.astype(np.float32) / 255.0) if ground.empties else opaque
    picture, known = _shrunk(pixels, kept, spaces.working)
    if ground.whole:
        shown = plan.tools.hole(picture, known, None)
        weights = known if compares_all else None
        everywhere = np.ones_like(known)
        return replace(
            plan, denoise_mask_working=everywhere, known_working=shown, colour_weights=weights
        )
    scale, reach = spaces.scale, plan.reach
    distance = masks.distance_from(selection, spaces.working)
    acts = masks.denoise_mask(selection, distance, reach.grow * scale, reach.feather * scale)
    shown = _filled(plan, picture, known)
    near = distance <= _ring(plan)
    held = np.clip(1.0 - 2.0 * acts, 0.0, 1.0) * (known >= 1.0) * near
    # Where the canvas is transparent there is nothing to hold the model to.
    clear = 1.0 - evenly_resized(opaque, spaces.working)
    return replace(
        plan,
        denoise_mask_working=np.clip(np.maximum(acts, clear), 0.0, 1.0),
        known_working=shown,
        colour_weights=held.astype(np.float32),
    )


def _ring(plan: CanvasPlan) -> float:
    """Return how far from the selection, in working pixels, colours are compared."""
    working = plan.spaces.working
    border = (plan.reach.grow + plan.reach.feather) * plan.spaces.scale
    return border + RING * (working.width + working.height) / 2


def _shrunk(pixels: Pixels, kept: Floats, size: Size) -> tuple[Pixels, Floats]:
    """Return RGB pixels at a size and how far each is known; what is not kept tints nothing."""
    if kept.min() >= 1.0:
        return resized(np.ascontiguousarray(pixels[..., :3]), size), np.ones(
            (size.height, size.width), np.float32
        )
    known = evenly_resized(kept, size)
    colour_known = np.ascontiguousarray(pixels[..., :3])
    # One call of OpenCV's: numpy's broadcasting takes ten times as long on a large canvas.
    thick = cv2.multiply(colour_known, cv2.merge([kept, kept, kept]), dtype=cv2.CV_32F)
    weighted = evenly_resized(thick, size)
    colours = np.rint(np.clip(weighted / np.maximum(known, 1e-3)[..., None], 0, 255))
    # The last thousandth is the resampling's rounding; a known pixel must stay one.
    return colours.astype(np.uint8), np.where(known > 0.999, np.float32(1.0), known)


def _filled(plan: CanvasPlan, picture: Pixels, known: Floats) -> Pixels:
    """Return the picture with its unknown part filled, as a hole or as a border."""
    old, spaces, tools = plan.scene.old_box, plan.spaces, plan.tools
    if old.size == plan.scene.canvas or known.min() >= 1.0:
        return tools.hole(picture, known, None)
    everything = _all(spaces.working)
    left, top = spaces.point_to_working(old.left, old.top)
    right, bottom = spaces.point_to_working(old.right, old.bottom)
    # Rounded inwards: a pixel that is old only in part is drawn anew.
    left, top = int(np.ceil(left - 1e-6)), int(np.ceil(top - 1e-6))
    right, bottom = int(right + 1e-6), int(bottom + 1e-6)
    inside = intersection(Box(left, top, right - left, bottom - top), everything)
    if inside.width == 0 or inside.height == 0:
        return tools.hole(picture, known, None)
    return tools.border(picture, known, inside)


def _layout(ground: Scene, spaces: Spaces, soft_edge: int) -> Layout:
    """Return where paint will land."""
    mask = masks.paste_mask(ground.selection, soft_edge)
    visible = intersection(spaces.context_canvas, _all(ground.canvas))
    box = intersection(masks.bounds(mask) or _all(ground.canvas), visible)
    return Layout(
        canvas=ground.canvas,
        origin_canvas=(ground.old_box.left, ground.old_box.top),
        context_box_canvas=spaces.context_canvas,
        working=spaces.working,
        paste_box_canvas=box,
        paste_mask=np.ascontiguousarray(mask[box.top : box.bottom, box.left : box.right]),
    )


def _like(image: Pixels, working: Size, tools: Tools) -> Pixels:
    """Return a picture to vary, whole, in the working size's proportions, transparency filled."""
    size = size_of(image)
    box = context.fitted(_all(size), working, size)
    pixels = crop(image, box)
    opaque = pixels[..., 3].astype(np.float32) / 255.0
    return tools.hole(*_shrunk(pixels, opaque, working), None)


def _second(request: PaintRequest, working: Size, tools: Tools) -> Pixels | None:
    """Return the second picture of a variation, shown as the first is."""
    return None if request.second_image is None else _like(request.second_image, working, tools)


def _latent(working: Size, factor: int) -> Size:
    """Return the latent size of a working size."""
    return Size(-(-working.width // factor), -(-working.height // factor))


def _all(size: Size) -> Box:
    """Return the box of everything."""
    return Box(0, 0, size.width, size.height)
