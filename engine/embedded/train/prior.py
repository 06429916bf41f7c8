"""The prior: from words to the embedding of a picture that shows them (Ramesh et al. 2022)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.embedded.conditioning import Embedded, padded
from engine.embedded.tokenizer import LENGTH, new_tokenizer, read_vocabulary
from engine.embedded.train.clip import learned_towers
from engine.embedded.train.decoder import path_at
from engine.embedded.train.latents import caches, embeddings
from engine.embedded.train.lessons import tokens
from engine.embedded.train.loop import Training, fresh, seeded
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import caption

if TYPE_CHECKING:
    from diffusers.models.transformers.prior_transformer import PriorTransformer


def new_prior(shape: Mapping[str, Any], seed: int) -> PriorTransformer:
    """Return an untrained prior."""
    from diffusers.models.transformers.prior_transformer import PriorTransformer

    made = fresh(lambda: PriorTransformer(**shape), seed, "prior")
    assert isinstance(made, PriorTransformer)  # noqa: S101 - narrows the type
    return made


class PriorStage:
    """Trains the prior on the cached image embeddings; it answers with the clean embedding."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.sets, self.seen = caches(recipe), embeddings(recipe)
        self.tokenizer = new_tokenizer(read_vocabulary())
        self.clip = learned_towers(recipe).clip
        self.model = new_prior(recipe.prior, recipe.seed)
        nn.Module.to(self.model, recipe.device)  # diffusers' own `to` has no types
        every = torch.from_numpy(self.seen[0].astype(np.float32)).to(recipe.device)
        self.model.clip_mean.data = every.mean(0, keepdim=True)
        self.model.clip_std.data = every.std(0, keepdim=True)
        self.model.clip_mean.requires_grad_(False)
        self.model.clip_std.requires_grad_(False)

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return the loss of one batch; a few are of wide pictures."""
        seed, batch = self.recipe.seed, self.recipe.pace("prior").batch
        device = self.recipe.device
        rng = np.random.default_rng([seed, 5, step])
        generator = seeded(seed, "prior", step, device=device)
        wide = int(step % 8 == 7)
        cached, seen = self.sets[wide], self.seen[wide]
        index = rng.integers(len(seen), size=batch)
        texts = [caption(cached.pictures.scene(int(i)), rng) for i in index]
        words = said(self.clip, *(t.to(device) for t in tokens(self.tokenizer, texts)))
        wanted = torch.from_numpy(seen[index].astype(np.float32)).to(device)
        x0 = (wanted - self.model.clip_mean) / self.model.clip_std  # (N, D)
        spread = torch.rand(batch, generator=generator, device=device)
        time = (torch.arange(batch, device=device) + spread) / batch
        alpha, sigma = (part[..., 0, 0] for part in path_at(time))  # (N, 1)
        x = alpha * x0 + sigma * torch.randn(x0.shape, generator=generator, device=device)
        pooled, hidden = words.pooled * x0.shape[-1] ** 0.5, padded(words, LENGTH)
        with self.recipe.lowered():
            guess = self.model(x, time * 1000, pooled, hidden).predicted_image_embedding
        return {"loss": (guess.float() - x0).square().mean()}

    def run(self) -> nn.Module:
        """Train and return the averaged prior."""
        training = Training(self.model, self.recipe.pace("prior"), self.recipe.runs / "prior")
        training.run(self.losses)
        return training.average.module


@torch.no_grad()
def said(clip: nn.Module, ids: Tensor, mask: Tensor) -> Embedded:
    """Return token ids (N, L) after CLIP."""
    out = clip.get_submodule("text_model")(input_ids=ids, attention_mask=mask)
    pooled = clip.get_submodule("text_projection")(out.pooler_output)
    return Embedded(out.last_hidden_state, pooled / pooled.norm(dim=-1, keepdim=True), mask)
