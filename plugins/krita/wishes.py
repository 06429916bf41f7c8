"""What the painter asks for, and the message it becomes."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Scene
from .easel import Swap
from .protocol import Extension, ModeName, Picture, Rect, Submit, new_id


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


@dataclass(frozen=True)
class Intent:
    """What a click on the button will do; `label` is written on it."""

    mode: ModeName
    label: str


FILL = Intent("inpaint", "Fill selection")
REFINE_SELECTION = Intent("refine", "Refine selection")
GENERATE = Intent("generate", "Generate")
REFINE = Intent("refine", "Refine")
EXPAND = Intent("outpaint", "Expand canvas")


def intent_of(wish: Wish, selected: bool) -> Intent:
    """Return what this wish means with a selection or without one."""
    if wish.extension is not None:
        return EXPAND
    if wish.strength < 1:
        return REFINE_SELECTION if selected else REFINE
    return FILL if selected else GENERATE


def submit_of(wish: Wish, intent: Intent, scene: Scene, swapped: Swap) -> Submit:
    """Return the message that asks for this, under a job name of its own."""
    size = scene.region
    rgba = swapped(scene.pixels, size.width, size.height)
    image = Picture(size.width, size.height, "rgba8", rgba)
    paints_anew = intent.mode == "generate"
    return Submit(
        job=new_id(),
        mode=intent.mode,
        prompt=wish.prompt,
        negative_prompt=wish.negative_prompt,
        image=None if paints_anew else image,
        mask=_mask(scene.mask, size) if intent in (FILL, REFINE_SELECTION) else None,
        width=size.width if paints_anew else None,
        height=size.height if paints_anew else None,
        extension=wish.extension,
        strength=wish.strength if intent.mode == "refine" else None,
        candidates=wish.candidates,
        seed=wish.seed,
        steps=wish.steps,
        guidance=wish.guidance,
        sampler=wish.sampler,
        model=wish.model,
        origin=(size.left, size.top),
    )


def _mask(mask: bytes | None, size: Rect) -> Picture | None:
    return None if mask is None else Picture(size.width, size.height, "gray8", mask)
