"""CLIP in miniature: a picture tower and a word tower that meet in one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.tokenizer import LENGTH, new_tokenizer, read_vocabulary
from engine.embedded.train.attributes import Naming, labels
from engine.embedded.train.loop import Training, fresh, seeded
from engine.embedded.train.pictures import PictureSet, tensor
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


class ClipStage:
    """Trains CLIP by contrast and by naming what the scenes show."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        clip = new_clip(recipe.clip, recipe.seed)
        naming = fresh(lambda: Naming(recipe.clip["projection_dim"]), recipe.seed, "naming")
        assert isinstance(naming, Naming)  # noqa: S101 - narrows the type
        self.model = Towers(clip, naming)
        self.tokenizer = new_tokenizer(read_vocabulary())
        self.set = recipe.base_pictures()
        self.pixels = self.set.pixels()

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return ids and attention mask (N, L) of some captions."""
        made = self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=LENGTH, return_tensors="pt"
        )
        return made["input_ids"], made["attention_mask"]

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return contrastive and naming losses of one batch."""
        seed, batch = self.recipe.seed, self.recipe.pace("clip").batch
        generator = seeded(seed, type(self).__name__, step)
        index = torch.randint(len(self.pixels), (batch,), generator=generator).numpy()
        pictures = augmented(tensor(self.pixels[index]), generator)
        truth = labels([self.set.scene(int(i)) for i in index])
        texts = spoken(
            self.set, index, np.random.default_rng([seed, 3, step, type(self) is SightStage])
        )
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.half):
            seen = self.model.pictures(pictures).float()
            said = self.model.words(*self.tokens(texts)).float()
        logits = self.model.clip.logit_scale.exp().clamp(max=50) * said @ seen.T
        same = torch.tensor([[a == b for b in texts] for a in texts])
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


class SightStage(ClipStage):
    """Goes on training the picture tower alone: the words stay where the decoder knows them."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        first = recipe.runs / "clip"
        learned = Training(self.model, recipe.pace("clip"), first).average.module
        self.model.load_state_dict(learned.state_dict())
        for part in (self.model.clip.text_model, self.model.clip.text_projection):
            part.requires_grad_(False)
        self.model.clip.logit_scale.requires_grad_(False)

    def run(self) -> nn.Module:
        """Train and return the averaged towers."""
        training = Training(self.model, self.recipe.pace("sight"), self.recipe.runs / "sight")
        training.run(self.losses)
        return training.average.module


def learned_towers(recipe: Recipe) -> Towers:
    """Return CLIP as its two stages left it, frozen."""
    training = Training(ClipStage(recipe).model, recipe.pace("sight"), recipe.runs / "sight")
    towers = training.average.module
    assert isinstance(towers, Towers)  # noqa: S101 - narrows the type
    return towers


def learned_words(recipe: Recipe) -> Towers:
    """Return CLIP with its final word tower; the picture tower may still be learning."""
    training = Training(ClipStage(recipe).model, recipe.pace("clip"), recipe.runs / "clip")
    towers = training.average.module
    assert isinstance(towers, Towers)  # noqa: S101 - narrows the type
    return towers


def spoken(pictures: PictureSet, index: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Return one caption for each picture."""
    return [caption(pictures.scene(int(i)), rng) for i in index]


def augmented(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures with some noise: latents decode to slightly wrong pixels too."""
    noise = torch.randn(pictures.shape, generator=generator)
    amount = 0.08 * torch.rand((len(pictures), 1, 1, 1), generator=generator)
    return pictures + amount * noise
