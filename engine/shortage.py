"""What to do when memory runs out: the next smaller way to paint, and at the end a sentence.

A ladder, one rung a try: fewer candidates together, smaller tiles, main memory instead of the
device's. (Decoding, which fails by itself, is done in tiles where it fails: see `painting`.) A
rung costs the time painted so far, so the order is by what it costs in quality: nothing, then the
agreement of tiles, then speed.
"""

from __future__ import annotations

import gc
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.api import Plan, Size
from engine.device import chosen_precision

if TYPE_CHECKING:
    from engine.families import ModelCard
    from engine.painting import Stage

_FEWEST = 2  # of the model's multiples along a tile's side
_WHOLE, _DETAIL = 2, 4  # shares of the native side below which tiles of that pass do not go
_OVERLAP = 4  # tiles share a quarter of their side


@dataclass(frozen=True, slots=True)
class Limits:
    """What was found not to fit, turned into what is tried next; None = no limit."""

    batch: int | None = None
    whole_tile: int | None = None  # working pixels, of the pass that paints the whole
    tile: int | None = None  # working pixels, of the pass that refines
    main_memory: bool = False
    note: str = ""  # a sentence for the painter

    def placed(self, plan: Plan) -> Plan:
        """Return where and how a job is computed within the limits."""
        if not self.main_memory:
            return plan
        return replace(plan, device="cpu", precision=chosen_precision(plan.precision, "cpu"))

    def split(self, plan: Plan) -> Plan:
        """Return the plan with batches and tiles within the limits."""
        batches = plan.batches
        if self.batch is not None:
            batches = tuple(part for whole in batches for part in _parts(whole, self.batch))
        return replace(
            plan,
            batches=batches,
            tile=_least(plan.tile, self.tile) if plan.tile is not None else None,
            whole_tile=_least(plan.whole_tile, self.whole_tile),
        )


def tighter(
    limits: Limits, plan: Plan, card: ModelCard, working: Size, *, refining: bool
) -> Limits | None:
    """Return the next rung, None at the ladder's end.

    `plan` is the one that did not fit, `working` the size of the pass it failed in; `refining`
    says that its tiles are those of `plan.tile`.
    """
    most = max(map(len, plan.batches), default=1)
    if most > 1 and not refining:
        batch = math.ceil(most / 2)
        return replace(limits, batch=batch, note=_note(f"{batch} candidates at a time"))
    if refining and plan.tile is not None:
        tile = _halved(plan.tile, card, _DETAIL)
        if tile is not None:
            return replace(limits, tile=tile, note=_note(f"in tiles of {tile} pixels"))
    elif not refining:
        tile = _halved(plan.whole_tile or max(working.width, working.height), card, _WHOLE)
        if tile is not None:
            return replace(limits, whole_tile=tile, note=_note(f"in tiles of {tile} pixels"))
    return elsewhere(plan)


def elsewhere(plan: Plan) -> Limits | None:
    """Return the last rung, main memory; None for a plan that is there already."""
    if plan.device == "cpu":
        return None
    # In one piece again: main memory is the larger one.
    return Limits(main_memory=True, note=_note("in main memory, which takes longer"))


def tightened(stage: Stage, whole_tile: int | None) -> Stage:
    """Return the pass over the whole in tiles no larger than that."""
    if whole_tile is None:
        return stage
    now = stage.tile or stage.working
    tile = Size(min(now.width, whole_tile), min(now.height, whole_tile))
    if tile == stage.working:
        return stage
    return replace(stage, tile=tile, overlap=min(tile.width, tile.height) // _OVERLAP)


def sentence(card: ModelCard, working: Size, fits: Size | None) -> str:
    """Return why a job fails; `fits`: a size that was seen to fit, None where none was."""
    if fits is None:
        return (
            f"The model {card.name} does not fit into memory here, not even for one picture of"
            f" {Size(*card.native)} pixels. Close other programs, or choose a smaller model."
        )
    return (
        f"Painting {working} pixels does not fit into memory, neither one candidate at a time nor"
        f" in smaller tiles. A picture or selection of {fits} would."
    )


def give_back() -> None:
    """Let go of what a failed try held, on every device."""
    import torch

    gc.collect()  # samplers are generators, which hold tensors in cycles of frames
    for part, there in (
        (torch.cuda, torch.cuda.is_available()),
        (torch.xpu, torch.xpu.is_available()),
        (torch.mps, torch.backends.mps.is_available()),
    ):
        if there:
            part.empty_cache()


def _halved(side: int, card: ModelCard, share: int) -> int | None:
    """Return half a side as the model takes it; None where that is too little to see anything."""
    half = math.ceil(side / 2 / card.multiple) * card.multiple
    least = max(_FEWEST * card.multiple, min(card.native) // share)
    return half if least <= half < side else None


def _parts(batch: tuple[int, ...], most: int) -> list[tuple[int, ...]]:
    return [batch[start : start + most] for start in range(0, len(batch), most)]


def _least(one: int | None, other: int | None) -> int | None:
    known = [value for value in (one, other) if value is not None]
    return min(known, default=None)


def _note(how: str) -> str:
    return f"Memory was short, so this is painted {how}."
