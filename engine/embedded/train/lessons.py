"""What each step of the decoder is about, before any network sees it.

A lesson depends on the seed and on its step alone, so that other processes can prepare the coming
ones while a GPU is busy with this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from engine.embedded.tokenizer import LENGTH, new_tokenizer, read_vocabulary
from engine.embedded.train.holes import Hole, hole
from engine.embedded.train.loop import company, rank
from engine.embedded.train.pictures import PictureSet
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import Scene, caption, object_caption

NO_WORDS, NO_PICTURE = 0.12, 0.25  # how often whole pictures are painted without them
NO_PICTURE_IN_HOLES = 0.85
EVERY_SIXTH = 6  # lesson is of wide pictures


@dataclass(frozen=True, slots=True)
class Lesson:
    """One batch: which pictures, what of them is to be painted, what is said and shown of it."""

    wide: bool
    index: Tensor  # (N,) numbers of pictures in their set
    holes: Tensor  # (N, 1, h, w): 1 = paint
    whole: Tensor  # (N,) bool: all of the picture is to be painted
    ids: Tensor  # (N, LENGTH) tokens
    mask: Tensor  # (N, LENGTH)
    shown: Tensor  # (N, 1): 1 = with the picture's embedding, 0 = without

    def to(self, device: torch.device) -> Lesson:
        """Return the lesson on a device."""
        rest = (self.index, self.holes, self.whole, self.ids, self.mask, self.shown)
        return Lesson(self.wide, *(part.to(device, non_blocking=True) for part in rest))


def tokens(tokenizer: object, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return ids and attention mask (N, LENGTH) of some captions."""
    made = tokenizer(  # type: ignore[operator]
        list(texts), padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
    )
    return made["input_ids"], made["attention_mask"]


def words_for(scene: Scene, gap: Hole, rng: np.random.Generator) -> str:
    """Return what a painter would say to have this hole filled as it is in the picture."""
    chance = rng.random()
    if gap.kind == "whole":
        return "" if chance < NO_WORDS else caption(scene, rng)
    if not gap.hidden:
        return "" if chance < 0.5 else caption(scene, rng)
    if gap.kind != "object" and chance < 0.1:
        return ""
    alone = replace(scene, things=gap.hidden)
    limit = 0.65 if gap.kind == "object" else 0.4
    return object_caption(alone, rng) if chance < limit else caption(scene, rng)


class Lessons(Dataset[Lesson]):
    """The lessons of the decoder, by step; every sixth is of wide pictures."""

    def __init__(self, recipe: Recipe) -> None:
        self.seed, self.batch = recipe.seed, recipe.pace("decoder").batch
        self.sets: tuple[PictureSet, ...] = (recipe.base_pictures(), recipe.wide_pictures())
        self.tokenizer = new_tokenizer(read_vocabulary())
        self.rank, self.company = rank(), company()

    def __getitem__(self, step: int) -> Lesson:
        wide = step % EVERY_SIXTH == EVERY_SIXTH - 1
        pictures = self.sets[int(wide)]
        rng = np.random.default_rng([self.seed, 4, step, self.rank])
        count = self.batch * (2 if wide else 3) // 3 // self.company
        index = rng.integers(pictures.count, size=count)
        scenes = [pictures.scene(int(i)) for i in index]
        h, w = pictures.height // 8, round(pictures.height * pictures.aspect) // 8
        gaps = [hole(scene, h, w, rng) for scene in scenes]
        texts = [words_for(s, g, rng) for s, g in zip(scenes, gaps, strict=True)]
        drops = [NO_PICTURE if gap.kind == "whole" else NO_PICTURE_IN_HOLES for gap in gaps]
        shown = (rng.random(count) >= np.array(drops)).astype(np.float32)
        return Lesson(
            wide,
            torch.from_numpy(index),
            torch.from_numpy(np.stack([gap.mask for gap in gaps]))[:, None],
            torch.tensor([gap.kind == "whole" for gap in gaps]),
            *tokens(self.tokenizer, texts),
            torch.from_numpy(shown)[:, None],
        )


def lessons(recipe: Recipe, start: int) -> Iterator[Lesson]:
    """Yield the lessons from a step on; beside a GPU, other processes prepare them."""
    every = Lessons(recipe)
    steps = range(start, recipe.pace("decoder").steps)
    if recipe.workers == 0:
        yield from (every[step] for step in steps)
        return
    yield from DataLoader(
        every,
        batch_size=None,
        sampler=steps,
        num_workers=recipe.workers,
        prefetch_factor=8,
        multiprocessing_context="spawn",
    )
