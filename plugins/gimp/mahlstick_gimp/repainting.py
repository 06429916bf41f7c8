"""The same painting once more: asked for by what a layer of ours remembers of itself."""

from __future__ import annotations

import json
from dataclasses import replace

from .arguments import Settings
from .canvas import Canvas, Snapshot, read_mask
from .errors import PainterError
from .host import Foreign, Gimp
from .language import tr
from .protocol import (
    ModeName,
    Rect,
    crop,
    intersection,
    is_empty,
    moved,
    place,
    selection_box,
)
from .recipes import Recipe
from .requests import Request, generated, masked, region_around, varied

PARASITE = "mahlstick-painting"
# What was new ground then is a part of the picture now, and what was enlarged is large.
_NOW: dict[str, ModeName] = {"outpaint": "inpaint", "upscale": "refine"}


def recipe_of(layer: Foreign) -> Recipe | None:
    """Return how a layer was painted; None for a layer that is not ours."""
    parasite = layer.get_parasite(PARASITE)
    if parasite is None:
        return None
    try:
        return Recipe.read(json.loads(bytes(parasite.get_data())))
    except ValueError:
        return None


def repaint(canvas: Canvas, settings: Settings) -> Request:
    """Ask for the selected layer's painting again; the seed is new unless the settings have one.

    What is below and above the layer is looked at as it is now, without the layer itself.
    PainterError for a layer that was not painted by Mahlstick.
    """
    layer, known = _painted_layer(canvas)
    again = replace(
        settings,
        prompt=known.prompt,
        negative_prompt=known.negative_prompt,
        strength=known.strength,
        model=known.model,
        sampler=known.sampler,
        steps=known.steps,
        guidance=known.guidance,
        soft_edge=known.soft_edge,
    )
    return replace(_asked(canvas, layer, known, again), replaced=layer)


def _asked(canvas: Canvas, layer: Foreign, known: Recipe, settings: Settings) -> Request:
    box, mask = read_mask(layer)
    if known.mode == "generate":
        return generated(box, settings)
    if known.mode == "vary":
        return varied(canvas.snapshot_without(layer, box), settings)
    shape = selection_box(mask, box.width, box.height)
    if is_empty(shape):
        raise PainterError(
            tr("The layer's mask is black: there is nothing to paint. Paint white into it first.")
        )
    region = region_around(moved(shape, (box.left, box.top)), canvas.box, settings)
    seen = canvas.snapshot_without(layer, region)
    mode: ModeName = _NOW.get(known.mode, "inpaint" if known.mode == "inpaint" else "refine")
    return masked(mode, Snapshot(region, seen.pixels, _laid(mask, box, region)), settings)


def _laid(mask: bytes, box: Rect, region: Rect) -> bytes:
    """The part of a layer's mask that lies in a region, in the region's size."""
    common = intersection(box, region)
    inside = crop(mask, (box.width, box.height), moved(common, (-box.left, -box.top)), 1)
    at = moved(common, (-region.left, -region.top))
    return place(inside, at, (region.width, region.height), 1)


def _painted_layer(canvas: Canvas) -> tuple[Foreign, Recipe]:
    layers = [layer for layer in canvas.drawables if isinstance(layer, Gimp.Layer)]
    known = recipe_of(layers[0]) if len(layers) == 1 else None
    if known is None:
        raise PainterError(
            tr(
                "Select the one layer that is to be painted again; it must be one that Mahlstick "
                "painted, for only that remembers how."
            )
        )
    return layers[0], known
