"""All candidates of one job, forming together.

A job has one or two stages: the whole picture at the model's size, then, where the canvas shows
more pixels than that, the same picture refined at full size. Within a stage the batches take turns,
step by step, so that the painter sees every candidate form at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from engine.api import Box, Pixels, Size
from engine.canvas.tiles import tiles
from engine.decoding import decoded_in_tiles
from engine.denoisers import blended, joined, switched, tiled
from engine.device import memory_guard
from engine.errors import OutOfMemoryError, PluginError
from engine.families import Conditions, Model
from engine.noise import CandidateNoise
from engine.pictures import as_mask, as_tensor
from engine.prompts import Asked, Words
from engine.schedules import Denoise, Level, Sampler, Schedule, levels_from
from engine.shortage import give_back

_MIDDLE = 0.5  # of the time


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One pass of denoising. Pictures are in working space.

    `known` is RGB uint8 (H, W, 3): what is kept, and what is started from; `hole` float32 (H, W), 1
    = paint, None where everything may change. `tile` is the size of tiles, None = in one piece;
    they share at least `overlap` pixels. `stream` tells its noise from that of other stages.
    Until `joined_until` of the time is left the hole is `joined` to what is known.
    `regained` is the share of what encoding loses of `known` that is given back to the result.
    """

    working: Size
    strength: float
    steps: int
    known: Pixels | None = None
    hole: NDArray | None = None
    tile: Size | None = None
    overlap: int = 0
    stream: int = 0
    regained: float = 0.0
    joined_until: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One batch after one step: x0 (len(batch), C, h, w)."""

    batch: tuple[int, ...]
    number: int  # 1-based, within its stage
    x0: Tensor


class Painting:
    """The candidates of one job and the model that paints them."""

    def __init__(
        self,
        model: Model,
        sampler: Sampler,
        schedule: Schedule,
        *,
        conditions: Conditions,
        seeds: Mapping[int, int],
        device: str,
        asked: Mapping[int, Asked] | None = None,
        decode_tile: int | None = None,
    ) -> None:
        """`decode_tile`: working pixels, None = pictures are decoded whole while that fits."""
        self.decode_tile = decode_tile
        self._model, self._sampler, self._schedule = model, sampler, schedule
        self._conditions, self._seeds, self._device = conditions, seeds, device
        self._asked = asked or {}  # candidate -> its words; a batch shares them
        self._now: dict[int, tuple[Tensor, Stage]] = {}  # candidate -> x0 (1, C, h, w)
        self._lost: tuple[Stage, Tensor] | None = None

    def run(self, batches: Sequence[tuple[tuple[int, ...], Stage]]) -> Iterator[Step]:
        """Yield every batch after every step; all stages have the same number of steps.

        A caller that stops asking keeps the candidates as they are then.
        """
        forming = []
        for batch, stage in batches:
            with self._computing(stage.working):
                forming.append((batch, stage, self._begun(batch, stage)))
        for number in range(1, batches[0][1].steps + 1):
            for batch, stage, steps in forming:
                self._conditions.check()
                with self._computing(stage.working):
                    x0 = next(steps, None)
                if x0 is None:
                    raise PluginError(
                        f"The sampler ended after {number - 1} of {stage.steps} steps. "
                        "It must yield x0 once per step: correct it, or choose another."
                    )
                for place, k in enumerate(batch):
                    self._now[k] = x0[place : place + 1], stage
                yield Step(batch, number, x0)

    def picture(self, candidate: int) -> Tensor:
        """Return a candidate as it is now, decoded: (1, 3, H, W) in [-1, 1]."""
        x0, stage = self._now[candidate]
        with self._computing(stage.working):
            picture = self._decoded(x0, stage.working)
            if stage.regained > 0.0 and stage.known is not None:
                lost = self._lost_of(stage, as_tensor(stage.known, self._device))
                picture = (picture + stage.regained * lost).clamp(-1.0, 1.0)
            return picture

    def _lost_of(self, stage: Stage, known: Tensor) -> Tensor:
        """Return the fine detail of a stage's known picture that its encoding cannot hold."""
        if self._lost is None or self._lost[0] is not stage:
            held = self._decoded(self._model.encode(known), stage.working)
            self._lost = stage, known - held
        return self._lost[1]

    def fits(self, working: Size) -> bool:
        """Try one step of one candidate at a size; nothing of it is kept."""
        level = self._model.path.level(_MIDDLE)
        conditions = replace(self._conditions, working=working, seeds=(0,), like=None)
        try:
            with self._computing(working):
                x = torch.zeros(1, *self._model.latent_shape(working), device=self._device)
                self._model.denoiser(conditions)(x, level)
        except OutOfMemoryError:
            return False
        return True

    def _decoded(self, x0: Tensor, working: Size) -> Tensor:
        """Return pictures of x0, in ever smaller tiles while they do not fit into memory."""
        check, card = self._conditions.check, self._model.card
        while True:
            try:
                with memory_guard(working, Size(*card.native)):
                    if self.decode_tile is None:
                        return self._model.decode(x0, working, check)
                    return decoded_in_tiles(self._model, x0, working, self.decode_tile, check)
            except OutOfMemoryError:
                side = self.decode_tile or max(working.width, working.height)
                half = -(-side // 2 // card.multiple) * card.multiple
                if not 2 * card.multiple <= half < side:
                    raise
                self.decode_tile = half
            give_back()

    @contextmanager
    def _computing(self, working: Size) -> Iterator[None]:
        # Never held across a yield: torch's modes belong to the thread, not to a generator.
        with torch.inference_mode(), memory_guard(working, Size(*self._model.card.native)):
            yield

    def _begun(self, batch: tuple[int, ...], stage: Stage) -> Iterator[Tensor]:
        """Return the sampler, set up for a batch."""
        levels = levels_from(self._schedule, self._model.path, stage.steps, stage.strength)
        known = None if stage.known is None else as_tensor(stage.known, self._device)
        hole = None if stage.hole is None else as_mask(stage.hole, self._device)
        seeds = tuple(self._seeds[k] for k in batch)
        shape = self._model.latent_shape(stage.working)
        noise = CandidateNoise(seeds, shape, self._device, stage.stream)
        conditions = replace(
            self._conditions,
            working=stage.working,
            seeds=seeds,
            known=None if hole is None else known,
            hole=None if known is None else hole,
            start=known if hole is None else None,
        )
        denoise = self._worded(conditions, stage, levels, self._asked.get(batch[0]))
        x = levels[0].sigma * noise()
        if known is not None:
            kept = self._model.encode(known)
            x = x + levels[0].alpha * kept
            if hole is not None:
                cells = adaptive_max_pool2d(hole, shape[1:])
                path = self._model.path
                if stage.joined_until < 1.0:
                    denoise = joined(denoise, kept, cells, path, stage.joined_until)
                denoise = blended(denoise, kept, cells, path, levels[0])
        return self._sampler(denoise, x, levels, noise)

    def _worded(
        self, conditions: Conditions, stage: Stage, levels: Sequence[Level], asked: Asked | None
    ) -> Denoise:
        """Return the denoiser, or, where words change from step to step, one for each wording."""
        if asked is None:
            return self._whole_or_tiled(conditions, stage)
        wordings = asked.wordings(stage.steps)
        each = {
            words: self._whole_or_tiled(_asking(conditions, *words), stage)
            for words in dict.fromkeys(wordings)
        }
        if len(each) == 1:
            return each[wordings[0]]
        return switched([each[words] for words in wordings], levels, self._model.path)

    def _whole_or_tiled(self, conditions: Conditions, stage: Stage) -> Denoise:
        if stage.tile is None:
            return self._model.denoiser(conditions)
        _, rows, columns = self._model.latent_shape(stage.working)
        factor = stage.working.width // columns
        tile = Size(max(1, stage.tile.width // factor), max(1, stage.tile.height // factor))
        parts = tiles(Size(columns, rows), tile, stage.overlap // factor)
        shown = [(part, _part(conditions, part.box, factor)) for part in parts]
        return tiled(
            [
                (part, self._model.denoiser(seen))
                for part, seen in shown
                if seen.hole is None or bool(seen.hole.any())  # all kept: nothing to paint
            ]
        )


def _asking(conditions: Conditions, words: Words, negative: Words) -> Conditions:
    """Return the conditions with these words."""
    return replace(
        conditions,
        prompt=words.text,
        negative_prompt=negative.text,
        words=words if words.is_weighted or words.loras else None,
        negative_words=negative if negative.is_weighted else None,
    )


def _part(conditions: Conditions, box_latent: Box, factor: int) -> Conditions:
    """Return the conditions of one tile, its known picture and hole cut out."""
    rows = slice(box_latent.top * factor, box_latent.bottom * factor)
    columns = slice(box_latent.left * factor, box_latent.right * factor)

    def cut(picture: Tensor | None) -> Tensor | None:
        return None if picture is None else picture[:, :, rows, columns]

    return replace(
        conditions,
        working=Size(box_latent.width * factor, box_latent.height * factor),
        known=cut(conditions.known),
        hole=cut(conditions.hole),
    )
