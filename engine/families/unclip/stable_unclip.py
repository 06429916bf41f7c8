"""StableUnCLIP: Stable Diffusion 2.1 that is also asked for the embedding of a picture, noised.

The embedding comes from a picture (variations), or from a prior that dreams it up from the prompt:
the model's own, or Karlo's beside it where their embeddings are of one kind. Holes are filled from
words and surroundings alone, because an embedding of the whole would contradict what is there;
without a prior so is everything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor

from engine.errors import ModelError
from engine.families import Conditions, ModelCard
from engine.families.unclip import sight, texts
from engine.families.unclip.decoding import DecoderModel, Network, paints_whole
from engine.families.unclip.likeness import led
from engine.families.unclip.neighbours import has_part
from engine.families.unclip.networks import Where
from engine.families.unclip.prior import Prior, drawn, generators
from engine.families.unclip.training import Training, trained

if TYPE_CHECKING:
    from engine.api import Size


@dataclass(frozen=True, slots=True)
class Imagination:
    """A prior, and the text encoder that it reads with."""

    prior: Prior
    reader: texts.Reader


@dataclass(frozen=True, slots=True)
class Parts:
    """The networks, loaded; `eye` and `imagination` are None where there are none."""

    unet: Any
    vae: Any
    reader: texts.Reader
    normaliser: Any
    noising: Training
    eye: sight.Eye | None = None
    imagination: Imagination | None = None


def parts_of(card: ModelCard, where: Where) -> Parts:
    """Return the networks of a folder, and of the prior's beside it."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import (
        StableUnCLIPImageNormalizer,
    )
    from transformers import CLIPTextModel, CLIPVisionModelWithProjection

    path, eye = card.path, None
    if has_part(path, "image_encoder"):
        seeing = where.network(CLIPVisionModelWithProjection, path / "image_encoder")
        eye = sight.eye(seeing, path / "feature_extractor", where.device)
    words = where.network(CLIPTextModel, path / "text_encoder")
    return Parts(
        unet=where.network(UNet2DConditionModel, path / "unet"),
        vae=where.network(AutoencoderKL, path / "vae"),
        reader=texts.reader(words, path / "tokenizer", where.device),
        normaliser=where.network(StableUnCLIPImageNormalizer, path / "image_normalizer"),
        noising=trained(path / "image_noising_scheduler"),
        eye=eye,
        imagination=_imagination_of(card, where),
    )


def _imagination_of(card: ModelCard, where: Where) -> Imagination | None:
    from diffusers.models.transformers.prior_transformer import PriorTransformer
    from transformers import CLIPTextModelWithProjection

    own = has_part(card.path, "prior")
    if not own and not card.beside:
        return None
    # Karlo's text encoder is its prior's; here the name is taken by the decoder's.
    home, start = (card.path, "prior_") if own else (card.beside[0], "")
    words = where.network(CLIPTextModelWithProjection, home / f"{start}text_encoder")
    prior = Prior(
        where.network(PriorTransformer, home / "prior"), trained(home / "prior_scheduler")
    )
    return Imagination(prior, texts.reader(words, home / f"{start}tokenizer", where.device))


class StableUnclipModel(DecoderModel):
    """A loaded model of the kind."""

    def __init__(self, card: ModelCard, parts: Parts, where: Where) -> None:
        self._parts: Parts | None = parts
        inside = {"unet": parts.unet, "vae": parts.vae, "text_encoder": parts.reader.network}
        if parts.eye is not None:
            inside["image_encoder"] = parts.eye.network
        if parts.imagination is not None:
            inside["prior"] = parts.imagination.prior.network
            inside["prior_text_encoder"] = parts.imagination.reader.network
        levels = len(parts.vae.config.block_out_channels) - 1
        super().__init__(card, trained(card.path / "scheduler"), 2**levels, inside, where)

    @property
    def parts(self) -> Parts:
        """The networks; a ModelError once they were unloaded."""
        if self._parts is None:
            raise self.unloaded()
        return self._parts

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""
        channels = int(self.parts.vae.config.latent_channels)
        return channels, working.height // self.factor, working.width // self.factor

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w)."""
        vae = self.parts.vae
        with torch.inference_mode():
            found = vae.encode(pictures.to(self.device, self.dtype)).latent_dist.mode()
            return found.float() * vae.config.scaling_factor

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` is called often."""
        vae = self.parts.vae
        scale = vae.config.scaling_factor
        return self.decoded(x0, working, check, lambda one: vae.decode(one / scale).sample)

    def asked(self, conditions: Conditions) -> Network:
        """Return the network, asked for words and noised image embeddings."""
        unet, count = self.parts.unet, len(conditions.seeds)
        seen, words = self._seen(conditions), self._words(conditions).repeat_interleave(count, 0)
        if conditions.guidance != 1.0:
            seen = torch.cat([torch.zeros_like(seen), seen])

        def network(x: Tensor, step: float) -> Tensor:
            return unet(x, step, encoder_hidden_states=words, class_labels=seen, return_dict=False)[
                0
            ]

        return network

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:  # noqa: ARG002
        """Return None: words and pictures are embedded in different spaces."""
        return None

    def unload(self) -> None:
        """Give the memory back."""
        super().unload()
        self._parts = None

    def noised(self, embedding: Tensor, noise: Tensor, step: int = 0) -> Tensor:
        """Return embeddings (N, D) noised, behind them the step they were noised to: (N, 2 D)."""
        from diffusers.models.embeddings import get_timestep_embedding

        parts = self.parts
        level = parts.noising.path.level((step + 1) / (len(parts.noising.path.angles) - 1))
        mean, std = (each.to(embedding) for each in (parts.normaliser.mean, parts.normaliser.std))
        plain = (embedding - mean) / std
        noisy = (level.alpha * plain + level.sigma * noise.to(plain)) * std + mean
        steps = torch.full((len(embedding),), step, device=embedding.device)
        told = get_timestep_embedding(
            steps, embedding.shape[-1], flip_sin_to_cos=True, downscale_freq_shift=0
        )
        return torch.cat([noisy, told.to(noisy)], dim=1)

    def _words(self, conditions: Conditions) -> Tensor:
        """Return the prompt's hidden states (1, L, D); with guidance, the negative one's first."""
        reader = self.parts.reader
        asked = reader.chunks(conditions.prompt, conditions.words)
        if conditions.guidance == 1.0:
            return reader.read_all(asked).hidden
        refused = reader.chunks(conditions.negative_prompt, conditions.negative_words)
        length = max(len(asked), len(refused))
        both = (reader.read_all(chunks, length).hidden for chunks in (refused, asked))
        return torch.cat(list(both))

    def _seen(self, conditions: Conditions) -> Tensor:
        """Return what the network is told of a picture, a row a seed; zeros where it is nothing."""
        draws = generators(conditions.seeds)
        embedding = self._embedding(conditions, draws)
        if embedding is None:
            width = 2 * self.parts.normaliser.config.embedding_dim
            return torch.zeros(len(draws), width, device=self.device, dtype=self.dtype)
        noise = drawn(draws, embedding.shape[-1], embedding)
        return self.noised(embedding.to(self.dtype), noise)

    def _embedding(self, conditions: Conditions, draws: list[Generator]) -> Tensor | None:
        """Return image embeddings (N, D), None where words and surroundings are to be enough."""
        parts, worded = self.parts, bool(conditions.prompt.strip())
        if conditions.like is not None and parts.eye is not None:
            seen = led(parts.eye.see(conditions.like), conditions, parts.eye.see, self._said)
            return seen.expand(len(draws), -1)
        if worded and parts.imagination is not None and paints_whole(conditions):
            reader = parts.imagination.reader
            asked = reader.read(conditions.prompt, conditions.words)
            return parts.imagination.prior.imagined(asked, reader.read(""), draws)
        seen = conditions.known if conditions.start is None else conditions.start
        if not worded and seen is not None and parts.eye is not None:
            return parts.eye.see(seen).expand(len(draws), -1)
        return None

    def _said(self, text: str) -> Tensor:
        if self.parts.imagination is None:  # the card says that words lead nowhere here
            raise ModelError(f"{self.card.name} has no text encoder in the space of pictures.")
        return self.parts.imagination.reader.read(text).embedding
