"""What the painter asks for, and the message it becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from .language import noted
from .measures import Edge, Measure
from .protocol import Extension, MaskOptions, ModeName, Picture, Rect, Submit, new_id
from .reading import Scene

Swap = Callable[[bytes, int, int], bytes]
Source = Literal["merged", "layer"]
Target = Literal["layer", "replace", "group", "document"]
Sent = Literal["nothing", "whole", "around", "box"]
Masked = Literal["nothing", "selection", "holes"]


@dataclass(frozen=True)
class Wish:
    """What the panel's fields say. `strength` is 0 < strength <= 1; None lets the model choose."""

    prompt: str = ""
    negative_prompt: str = ""
    candidates: int = 4
    strength: float = 1.0
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    sampler: str | None = None
    model: str | None = None
    extension: Extension | None = None
    action: str = ""  # the name of an intent that the painter chose; empty = what fits
    source: Source = "merged"
    target: Target = "layer"
    factor: float = 2.0  # of upscaling
    edge: Edge = field(default_factory=Edge)
    presets: tuple[str, ...] = ()  # names of the bridge's styles


@dataclass(frozen=True)
class Seen:
    """What can be told of the picture in front without reading all of it."""

    selected: bool = False
    holes: bool = False  # partly painted, partly transparent


@dataclass(frozen=True)
class Intent:
    """What a click on the button will do; `label` is written on it.

    `sent` is the part of the picture that goes with it, `masked` what may be painted there.
    """

    mode: ModeName
    label: str
    sent: Sent = "whole"
    masked: Masked = "nothing"
    needs_selection: bool = False


FILL = Intent("inpaint", noted("Fill selection"), "around", "selection", needs_selection=True)
REFINE_SELECTION = Intent(
    "refine", noted("Refine selection"), "around", "selection", needs_selection=True
)
GENERATE = Intent("generate", noted("Generate"), "nothing")
REFINE = Intent("refine", noted("Refine"))
EXPAND = Intent("outpaint", noted("Expand canvas"))
FILL_HOLES = Intent("inpaint", noted("Fill transparent"), "whole", "holes")
VARY = Intent("vary", noted("Vary"), "box")
UPSCALE = Intent("upscale", noted("Upscale"), "box")
VARY_CANDIDATE = Intent("vary", noted("Vary candidate"), "nothing")
UPSCALE_CANDIDATE = Intent("upscale", noted("Upscale candidate"), "nothing")

CHOICES = {
    "generate": GENERATE,
    "fill": FILL,
    "refine": REFINE,
    "refine_selection": REFINE_SELECTION,
    "expand": EXPAND,
    "fill_transparent": FILL_HOLES,
    "vary": VARY,
    "upscale": UPSCALE,
}
USUAL_EXTENSION = 256  # canvas pixels on every side, when expanding was chosen and no side named


def intent_of(wish: Wish, seen: Seen) -> Intent:
    """Return what this wish means for what is seen; the painter's own choice comes first."""
    if wish.action in CHOICES:
        return CHOICES[wish.action]
    if wish.extension is not None:
        return EXPAND
    if wish.strength < 1:
        return REFINE_SELECTION if seen.selected else REFINE
    if seen.selected:
        return FILL
    return FILL_HOLES if seen.holes else GENERATE


def extension_of(wish: Wish) -> Extension:
    """Return by how much the canvas grows when it is expanded."""
    side = USUAL_EXTENSION
    return wish.extension or Extension(side, side, side, side)


def submit_of(
    wish: Wish, intent: Intent, scene: Scene, swapped: Swap, box: Rect | None = None, job: str = ""
) -> Submit:
    """Return the message that asks for this, under a job name of its own.

    `box` is the selection's, in canvas pixels: percentages are of it.
    """
    size = scene.region
    image = None
    if scene.pixels:
        rgba = swapped(scene.pixels, size.width, size.height)
        image = Picture(size.width, size.height, "rgba8", rgba)
    paints_anew = intent.mode == "generate"
    return Submit(
        job=job or new_id(),
        mode=intent.mode,
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt,
        image=None if paints_anew else image,
        mask=_mask(scene.mask, size) if intent.masked != "nothing" else None,
        width=size.width if paints_anew else None,
        height=size.height if paints_anew else None,
        extension=extension_of(wish) if intent.mode == "outpaint" else None,
        factor=wish.factor if intent.mode == "upscale" else None,
        strength=wish.strength if intent.mode == "refine" and wish.strength < 1 else None,
        candidates=wish.candidates,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        sampler=wish.sampler,
        model=wish.model,
        presets=list(wish.presets),
        masks=masks_of(wish.edge, box or size),
        origin=(size.left, size.top),
    )


def masks_of(edge: Edge, box: Rect) -> MaskOptions:
    """Return the edge in canvas pixels, for a selection with this box."""

    def pixels(measure: Measure | None) -> int | None:
        return None if measure is None else measure.pixels(box)

    return MaskOptions(
        pixels(edge.grow), pixels(edge.feather), pixels(edge.context), pixels(edge.soft) or 0
    )


def _mask(mask: bytes | None, size: Rect) -> Picture | None:
    return None if mask is None else Picture(size.width, size.height, "gray8", mask)
