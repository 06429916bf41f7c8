"""The decoder: from words and an image embedding to latents; it also fills holes in given ones.

v-prediction on a cosine path that ends in pure noise. The noisy latents come with the known ones
(zero inside the hole) and with the hole itself, so that one network paints whole pictures and
parts of them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.embedded.conditioning import Embedded, conditioning
from engine.embedded.train.clip import ClipStage, learned_words
from engine.embedded.train.holes import Hole, hole
from engine.embedded.train.latents import Cached, caches, embeddings
from engine.embedded.train.loop import Training, company, fresh, rank, seeded
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import Scene, caption, object_caption

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

NO_WORDS, NO_PICTURE = 0.12, 0.25  # how often whole pictures are painted without them
NO_PICTURE_IN_HOLES = 0.85
MORE_SHAPES = 0.3  # of every batch on top of their share: outlines are the last thing learned
EARLY = 0.75  # below 1: more of the lessons at high noise, where outlines are decided
KNOWN_WEIGHT = 0.1  # of the loss on latents that are given anyway


def new_decoder(shape: Mapping[str, Any], seed: int) -> UNet2DConditionModel:
    """Return an untrained decoder."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    made = fresh(lambda: UNet2DConditionModel(**shape), seed, "decoder")
    assert isinstance(made, UNet2DConditionModel)  # noqa: S101 - narrows the type
    return made


def words_for(scene: Scene, gap: Hole, rng: np.random.Generator) -> str:
    """Return what a painter would say to have this hole filled as it is in the picture."""
    if gap.kind == "whole":
        return "" if rng.random() < NO_WORDS else caption(scene, rng)
    if gap.kind == "object":
        return object_caption(scene, rng) if rng.random() < 0.65 else caption(scene, rng)
    if gap.hides_object:
        chance = rng.random()
        if chance < 0.1:
            return ""
        return object_caption(scene, rng) if chance < 0.4 else caption(scene, rng)
    return "" if rng.random() < 0.5 else caption(scene, rng)


def path_at(time: Tensor) -> tuple[Tensor, Tensor]:
    """Return alpha and sigma (N, 1, 1, 1) of times (N,): a quarter of a circle."""
    angle = (time * (math.pi / 2))[:, None, None, None]
    return angle.cos(), angle.sin()


class DecoderStage:
    """Trains the decoder on cached latents."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.sets = caches(recipe)
        self.tokens = ClipStage(recipe).tokens
        self.clip = learned_words(recipe).clip
        self.model = new_decoder(recipe.decoder, recipe.seed)
        # The fused attention's way back takes a third of a bf16 step on a CPU; this does not.
        self.model.set_attn_processor(AttnProcessor())

    def _said(self, texts: list[str]) -> tuple[Tensor, Tensor, Tensor]:
        return said(self.clip, *self.tokens(texts))

    @cached_property
    def _shapes(self) -> list[NDArray[np.int64]]:
        """The places of plain shapes in all sets."""
        return [
            np.array([i for i in range(len(c.latents)) if c.pictures.scene(i).kind == "shape"])
            for c in self.sets
        ]

    def _chosen(self, wide: bool, batch: int, rng: np.random.Generator) -> NDArray[np.int64]:
        every = rng.integers(len(self.sets[int(wide)].latents), size=batch)
        shapes = self._shapes[int(wide)]
        if len(shapes) == 0:
            return every
        more = shapes[rng.integers(len(shapes), size=batch)]
        return np.where(rng.random(batch) < MORE_SHAPES, more, every)

    @cached_property
    def seen(self) -> list[NDArray[np.float16]]:
        """The image embeddings of all sets."""
        return embeddings(self.recipe)

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return the loss of one batch; every sixth is of wide pictures."""
        seed = self.recipe.seed
        wide = step % 6 == 5
        rng = np.random.default_rng([seed, 4, step, rank()])
        generator = seeded(seed, "decoder", step, rank())
        batch = self.recipe.pace("decoder").batch * (2 if wide else 3) // 3 // company()
        cached = self.sets[int(wide)]
        index = self._chosen(wide, batch, rng)
        if step < self.recipe.told["words_only"]:
            seen = torch.zeros(batch, int(self.recipe.clip["projection_dim"]))
        else:
            seen = torch.from_numpy(self.seen[int(wide)][index].astype(np.float32))
        return self._loss(cached, index, seen, rng, generator)

    def _loss(
        self,
        cached: Cached,
        index: NDArray[np.int64],
        seen: Tensor,
        rng: np.random.Generator,
        generator: torch.Generator,
    ) -> Mapping[str, Tensor]:
        x0 = torch.from_numpy(cached.latents[index].astype(np.float32))  # (N, C, h, w)
        count, _, h, w = x0.shape
        scenes = [cached.pictures.scene(int(i)) for i in index]
        gaps = [hole(scene, h, w, rng) for scene in scenes]
        masks = torch.from_numpy(np.stack([gap.mask for gap in gaps]))[:, None]  # (N, 1, h, w)
        texts = [words_for(s, g, rng) for s, g in zip(scenes, gaps, strict=True)]
        pictures = self._pictures(seen, gaps, rng, generator)
        time = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        time = time**EARLY
        alpha, sigma = path_at(time)
        noise = torch.randn(x0.shape, generator=generator)
        x = alpha * x0 + sigma * noise
        given = torch.cat([x, x0 * (1 - masks), masks], dim=1)
        with torch.no_grad():
            asked = conditioning(Embedded(*self._said(texts)), pictures)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.half):
            guess = self.model(
                given, time * 1000, asked.tokens, class_labels=asked.vector, return_dict=False
            )[0].float()
        error = (guess - (alpha * noise - sigma * x0)).square().mean(1, keepdim=True)
        weight = masks + KNOWN_WEIGHT * (1 - masks)
        loss = (error * weight).sum() / weight.sum()
        whole = torch.tensor([gap.kind == "whole" for gap in gaps])
        return {"loss": loss, "whole": error[whole].mean()}

    def _pictures(
        self, seen: Tensor, gaps: list[Hole], rng: np.random.Generator, generator: torch.Generator
    ) -> Tensor:
        """Return image embeddings (N, D), slightly wrong as a prior's are; zeros where dropped."""
        blurred = seen + 0.012 * torch.randn(seen.shape, generator=generator)
        blurred = blurred / blurred.norm(dim=-1, keepdim=True)
        blurred = torch.where(seen.any(-1, keepdim=True), blurred, 0.0)
        drops = [NO_PICTURE if gap.kind == "whole" else NO_PICTURE_IN_HOLES for gap in gaps]
        keep = torch.from_numpy((rng.random(len(gaps)) >= np.array(drops)).astype(np.float32))
        return blurred * keep[:, None]

    def run(self) -> nn.Module:
        """Train and return the averaged decoder."""
        training = Training(self.model, self.recipe.pace("decoder"), self.recipe.runs / "decoder")
        training.run(self.losses)
        return training.average.module


@torch.no_grad()
def said(clip: nn.Module, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hidden states (N, L, D), the unit embedding (N, D) and the mask of some token ids."""
    out = clip.get_submodule("text_model")(input_ids=ids, attention_mask=mask)
    pooled = clip.get_submodule("text_projection")(out.pooler_output)
    return out.last_hidden_state, pooled / pooled.norm(dim=-1, keepdim=True), mask
