"""The model under evaluation, entered as painters enter it: one request in, pictures out.

Every row paints through `Engine.paint` with the model's own steps and guidance. What was painted
is kept on disk by what was asked, so that a measurement that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.api import Denoised, Finished, Mode, Painted, PaintRequest
from engine.core import Engine
from engine.errors import UnknownWordsError
from engine.families import ModelCard
from engine.weights import Fingerprints

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request: RGB pictures uint8 (H, W, 3), in the order of candidates."""

    pictures: tuple[Picture, ...]
    order: tuple[int, ...]  # candidates, best first
    seconds: float = 0.0  # as it was painted, not as it was read back
    first_preview_s: float = 0.0


class Painter:
    """Paints with one model and remembers what it painted in a folder."""

    def __init__(
        self, engine: Engine, model: str | None, folder: Path, say: Callable[[str], None]
    ) -> None:
        self.engine, self.card = engine, engine.catalogue.card(model)
        self.folder, self.say = folder, say
        self._mark = Fingerprints().of(self.card.path)

    def paint(self, request: PaintRequest) -> Outcome | None:
        """Return what was painted; None where the model knows none of the words."""
        path = self.folder / f"{_key(request, self._mark)}.npz"
        if path.exists():
            return _read(path)
        try:
            outcome = self.painted_now(request)
        except UnknownWordsError:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npz")
        told = json.dumps([outcome.order, outcome.seconds, outcome.first_preview_s])
        np.savez_compressed(part, pictures=np.stack(outcome.pictures), told=told)
        part.replace(path)
        return outcome

    def painted_now(self, request: PaintRequest) -> Outcome:
        """Return what was painted, whatever lies on disk; times are of now."""
        began, first = perf_counter(), 0.0
        pictures: dict[int, Picture] = {}
        order: tuple[int, ...] = ()
        for event in self.engine.paint(_of(request, self.card)):
            if isinstance(event, Denoised):
                first = first or perf_counter() - began
            elif isinstance(event, Painted):
                pictures[event.candidate] = np.ascontiguousarray(event.merged[..., :3])
            elif isinstance(event, Finished):
                order = event.order
        shown = tuple(pictures[k] for k in sorted(pictures))
        return Outcome(shown, order, perf_counter() - began, first)

    def picture(self, prompt: str, seed: int) -> Picture | None:
        """Return one picture of a prompt; None where the model knows none of its words."""
        asked = PaintRequest(mode=Mode.GENERATE, prompt=prompt, seed=seed, candidates=1)
        outcome = self.paint(asked)
        return None if outcome is None else outcome.pictures[0]


def _of(request: PaintRequest, card: ModelCard) -> PaintRequest:
    return replace(request, model=card.name)


def _read(path: Path) -> Outcome:
    with np.load(path) as kept:
        order, seconds, first = json.loads(str(kept["told"]))
        return Outcome(tuple(kept["pictures"]), tuple(order), seconds, first)


def _key(request: PaintRequest, mark: str) -> str:
    told: dict[str, Any] = {
        "model": mark,
        "mode": str(request.mode),
        "prompt": request.prompt,
        "seed": request.seed,
        "candidates": request.candidates,
        "extension": str(request.extension),
        "shape": str(request.mask_shape),
    }
    for name, pixels in (("image", request.image), ("mask", request.mask)):
        if pixels is not None:
            told[name] = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]
