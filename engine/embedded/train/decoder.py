"""The decoder: from words and an image embedding to latents; it also fills holes in given ones.

v-prediction on a cosine path that ends in pure noise. The noisy latents come with the known ones
(zero inside the hole) and with the hole itself, so that one network paints whole pictures and
parts of them. It learns to read together with its own word tower: CLIP's knows which words are
there, and forgets which colour belongs to what.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn

from engine.embedded.conditioning import Embedded, conditioning
from engine.embedded.tokenizer import LENGTH, read_vocabulary
from engine.embedded.train.latents import caches, embeddings
from engine.embedded.train.lessons import Lesson, lessons
from engine.embedded.train.loop import Training, fresh, learned, rank, seeded
from engine.embedded.train.recipe import Recipe

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextModelWithProjection

EARLY = 0.75  # below 1: more of the lessons at high noise, where outlines are decided
KNOWN_WEIGHT = 0.1  # of the loss on latents that are given anyway
PRIOR_ERROR = 0.012  # added to image embeddings: a prior's are slightly wrong


def new_unet(shape: Mapping[str, Any], seed: int) -> UNet2DConditionModel:
    """Return an untrained denoising network."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    made = fresh(lambda: UNet2DConditionModel(**shape), seed, "decoder")
    assert isinstance(made, UNet2DConditionModel)  # noqa: S101 - narrows the type
    return made


def new_reader(shape: Mapping[str, Any], seed: int) -> CLIPTextModelWithProjection:
    """Return an untrained word tower for the vocabulary file."""
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        **shape,
        vocab_size=len(read_vocabulary()) + 4,
        max_position_embeddings=LENGTH,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=3,
    )
    made = fresh(lambda: CLIPTextModelWithProjection(config), seed, "reader")
    assert isinstance(made, CLIPTextModelWithProjection)  # noqa: S101 - narrows the type
    return made


def path_at(time: Tensor) -> tuple[Tensor, Tensor]:
    """Return alpha and sigma (N, 1, 1, 1) of times (N,): a quarter of a circle."""
    angle = (time * (math.pi / 2))[:, None, None, None]
    return angle.cos(), angle.sin()


class Decoder(nn.Module):
    """The denoising network and the tower that reads for it."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.reader = new_reader(recipe.reader, recipe.seed)
        self.unet = new_unet(recipe.decoder, recipe.seed)
        if recipe.device.type == "cpu":
            # The fused attention's way back takes a third of a bf16 step there; this does not.
            self.unet.set_attn_processor(AttnProcessor())
            self.reader.set_attn_implementation("eager")

    def forward(self, x: Tensor, time: Tensor, lesson: Lesson, pictures: Tensor) -> Tensor:
        """Return the velocity (N, C, h, w) of given latents (N, 2 C + 1, h, w) at times (N,)."""
        read = self.reader(input_ids=lesson.ids, attention_mask=lesson.mask)
        pooled = read.text_embeds / read.text_embeds.norm(dim=-1, keepdim=True)
        words = Embedded(read.last_hidden_state, pooled, lesson.mask)
        asked = conditioning(words, pictures, LENGTH)
        return self.unet(
            x, time * 1000, asked.tokens, class_labels=asked.vector, return_dict=False
        )[0]


class DecoderStage:
    """Trains the decoder on cached latents."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.latents = [torch.from_numpy(c.latents).to(recipe.device) for c in caches(recipe)]
        self.model = Decoder(recipe).to(recipe.device)
        self._coming: Iterator[Lesson] | None = None

    @cached_property
    def seen(self) -> list[Tensor]:
        """The image embeddings (N, D) of all sets."""
        return [torch.from_numpy(e).to(self.recipe.device) for e in embeddings(self.recipe)]

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return the loss of one batch; steps are asked for in order."""
        if self._coming is None:
            self._coming = lessons(self.recipe, step)
        lesson = next(self._coming).to(self.recipe.device)
        generator = seeded(self.recipe.seed, "decoder", step, rank(), device=self.recipe.device)
        return self._loss(lesson, self._pictures(step, lesson, generator), generator)

    def _loss(
        self, lesson: Lesson, pictures: Tensor, generator: torch.Generator
    ) -> Mapping[str, Tensor]:
        x0 = self.latents[int(lesson.wide)][lesson.index].float()  # (N, C, h, w)
        count, device = len(x0), x0.device
        spread = torch.rand(count, generator=generator, device=device)
        time = ((torch.arange(count, device=device) + spread) / count) ** EARLY
        alpha, sigma = path_at(time)
        noise = torch.randn(x0.shape, generator=generator, device=device)
        known = x0 * (1 - lesson.holes)
        given = torch.cat([alpha * x0 + sigma * noise, known, lesson.holes], dim=1)
        with self.recipe.lowered():
            guess = self.model(given, time, lesson, pictures).float()
        error = (guess - (alpha * noise - sigma * x0)).square().mean(1, keepdim=True)
        weight = lesson.holes + KNOWN_WEIGHT * (1 - lesson.holes)
        loss = (error * weight).sum() / weight.sum()
        asked = lesson.whole.float()
        whole = (error.mean((1, 2, 3)) * asked).sum() / asked.sum().clamp(min=1)
        return {"loss": loss, "whole": whole}

    def _pictures(self, step: int, lesson: Lesson, generator: torch.Generator) -> Tensor:
        """Return image embeddings (N, D), slightly wrong as a prior's are; zeros where dropped."""
        width = int(self.recipe.clip["projection_dim"])
        if step < self.recipe.told["words_only"]:
            return torch.zeros(len(lesson.index), width, device=self.recipe.device)
        seen = self.seen[int(lesson.wide)][lesson.index].float()
        error = torch.randn(seen.shape, generator=generator, device=seen.device)
        blurred = seen + PRIOR_ERROR * error
        return blurred / blurred.norm(dim=-1, keepdim=True) * lesson.shown

    def run(self) -> nn.Module:
        """Train and return the averaged decoder."""
        training = Training(self.model, self.recipe.pace("decoder"), self.recipe.runs / "decoder")
        training.run(self.losses)
        return training.average.module


def learned_decoder(recipe: Recipe) -> Decoder:
    """Return the averaged decoder of the latest checkpoint."""
    made = Decoder(recipe).to(recipe.device)
    module = learned(made, recipe.runs / "decoder")
    assert isinstance(module, Decoder)  # noqa: S101 - narrows the type
    return module
