"""CLIP in miniature: a picture tower and a word tower that meet in one space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.tokenizer import LENGTH, new_tokenizer, read_vocabulary
from engine.embedded.train.attributes import Naming, labels
from engine.embedded.train.lessons import tokens
from engine.embedded.train.loop import Training, fresh, learned, seeded
from engine.embedded.train.pictures import tensor
from engine.embedded.train.recipe import Recipe
from engine.embedded.world import caption

if TYPE_CHECKING:
    from transformers import CLIPModel


def new_clip(shape: Mapping[str, Any], seed: int) -> CLIPModel:
    """Return an untrained CLIP for the vocabulary file."""
    from transformers import CLIPConfig, CLIPModel

    words = len(read_vocabulary()) + 4
    text = {
        **shape["text"],
        "vocab_size": words,
        "max_position_embeddings": LENGTH,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 3,
    }
    config = CLIPConfig(
        text_config=text,
        vision_config=dict(shape["vision"]),
        projection_dim=shape["projection_dim"],
    )
    made = fresh(lambda: CLIPModel(config), seed, "clip")
    assert isinstance(made, CLIPModel)  # noqa: S101 - narrows the type
    return made


def unit(x: Tensor) -> Tensor:
    """Return vectors of length one."""
    return x / x.norm(dim=-1, keepdim=True)


class Towers(nn.Module):
    """CLIP and the naming heads that help it learn; only CLIP is kept."""

    def __init__(self, clip: CLIPModel, naming: Naming) -> None:
        super().__init__()
        self.clip, self.naming = clip, naming

    def pictures(self, pixels: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) to unit embeddings (N, D)."""
        out = self.clip.vision_model(pixel_values=pixels)
        return unit(self.clip.visual_projection(out.pooler_output))

    def words(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token ids (N, L) to unit embeddings (N, D)."""
        out = self.clip.text_model(input_ids=ids, attention_mask=mask)
        return unit(self.clip.text_projection(out.pooler_output))


def new_towers(recipe: Recipe) -> Towers:
    """Return untrained towers, where they are to learn."""
    clip = new_clip(recipe.clip, recipe.seed)
    naming = fresh(lambda: Naming(recipe.clip["projection_dim"]), recipe.seed, "naming")
    assert isinstance(naming, Naming)  # noqa: S101 - narrows the type
    return Towers(clip, naming).to(recipe.device)


class ClipStage:
    """Trains CLIP by contrast and by naming what the scenes show."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.model = new_towers(recipe)
        self.tokenizer = new_tokenizer(read_vocabulary())
        self.set = recipe.base_pictures()
        self.pixels = self.set.pixels()

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return contrastive and naming losses of one batch."""
        seed, batch = self.recipe.seed, self.recipe.pace("clip").batch
        generator, device = seeded(seed, "clip", step), self.recipe.device
        index = torch.randint(len(self.pixels), (batch,), generator=generator).numpy()
        pictures = augmented(tensor(self.pixels[index]), generator).to(device)
        scenes = [self.set.scene(int(i)) for i in index]
        truth = {name: part.to(device) for name, part in labels(scenes).items()}
        rng = np.random.default_rng([seed, 3, step])
        texts = [caption(scene, rng) for scene in scenes]
        ids, mask = (part.to(device) for part in tokens(self.tokenizer, texts))
        with self.recipe.lowered():
            seen = self.model.pictures(pictures).float()
            said = self.model.words(ids, mask).float()
        logits = self.model.clip.logit_scale.exp().clamp(max=50) * said @ seen.T
        same = torch.tensor([[a == b for b in texts] for a in texts], device=device)
        goal = same.float() / same.float().sum(1, keepdim=True)
        contrast = functional.cross_entropy(logits, goal) + functional.cross_entropy(logits.T, goal)
        named_seen = self.model.naming.loss(seen, truth)
        named_said = self.model.naming.loss(said, truth)
        loss = 0.5 * contrast + 2 * named_seen + named_said
        return {"loss": loss, "contrast": 0.5 * contrast, "seen": named_seen, "said": named_said}

    def run(self) -> nn.Module:
        """Train and return the averaged towers."""
        training = Training(self.model, self.recipe.pace("clip"), self.recipe.runs / "clip")
        training.run(self.losses)
        return training.average.module


def learned_towers(recipe: Recipe) -> Towers:
    """Return CLIP as training left it, frozen."""
    towers = learned(new_towers(recipe), recipe.runs / "clip")
    assert isinstance(towers, Towers)  # noqa: S101 - narrows the type
    return towers


def augmented(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures with some noise: latents decode to slightly wrong pixels too."""
    noise = torch.randn(pictures.shape, generator=generator)
    amount = 0.08 * torch.rand((len(pictures), 1, 1, 1), generator=generator)
    return pictures + amount * noise
