"""Kandinsky 2.2: a prior dreams up the embedding of a picture, and the decoder paints from that.

The decoder knows no words, so the prior, which comes as a folder of its own, is always needed.
Without words a hole is painted from the embedding of what surrounds it, and a picture is refined
by its own. The inpainting edition is shown what is kept beside what it paints: nine channels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from engine.families import Conditions, ModelCard
from engine.families.unclip import sight, texts
from engine.families.unclip.decoding import DecoderModel, Network, cells_of
from engine.families.unclip.likeness import between, led
from engine.families.unclip.neighbours import has_part
from engine.families.unclip.networks import Where
from engine.families.unclip.prior import Prior, generators
from engine.families.unclip.training import trained

if TYPE_CHECKING:
    from engine.api import Size

WORDS = 0.35  # how far words pull a variation from its picture to one that the prior dreams up
# Latents whose encoding a hole reaches, as the inpainting edition was trained on: neighbours, but
# for two corners.
_REACHED = ((1.0, 1.0, 0.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Parts:
    """The networks, loaded."""

    unet: Any
    movq: Any
    prior: Prior
    reader: texts.Reader
    eye: sight.Eye


def parts_of(card: ModelCard, where: Where) -> Parts:
    """Return the networks of a decoder's folder and of the prior's beside it."""
    from diffusers.models.autoencoders.vq_model import VQModel
    from diffusers.models.transformers.prior_transformer import PriorTransformer
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

    home = card.beside[0] if card.beside else card.path
    # A folder that holds both says whose each part is.
    own = "prior_" if has_part(home, "prior_prior") else ""
    words = where.network(CLIPTextModelWithProjection, home / f"{own}text_encoder")
    seeing = where.network(CLIPVisionModelWithProjection, home / f"{own}image_encoder")
    return Parts(
        unet=where.network(UNet2DConditionModel, card.path / "unet"),
        movq=where.network(VQModel, card.path / "movq"),
        prior=Prior(
            where.network(PriorTransformer, home / f"{own}prior"),
            trained(home / f"{own}scheduler"),
        ),
        reader=texts.reader(words, home / f"{own}tokenizer", where.device),
        eye=sight.eye(seeing, home / f"{own}image_processor", where.device),
    )


class KandinskyModel(DecoderModel):
    """A loaded decoder with its prior."""

    def __init__(self, card: ModelCard, parts: Parts, where: Where) -> None:
        self._parts: Parts | None = parts
        inside = {
            "unet": parts.unet,
            "movq": parts.movq,
            "prior": parts.prior.network,
            "text_encoder": parts.reader.network,
            "image_encoder": parts.eye.network,
        }
        levels = len(parts.movq.config.block_out_channels) - 1
        training = trained(card.path / "scheduler")
        super().__init__(card, training, 2**levels, inside, where)
        self._shown = parts.unet.config.in_channels > self._channels

    @property
    def parts(self) -> Parts:
        """The networks; a ModelError once they were unloaded."""
        if self._parts is None:
            raise self.unloaded()
        return self._parts

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""
        return self._channels, working.height // self.factor, working.width // self.factor

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w)."""
        with torch.inference_mode():
            latents = self.parts.movq.encode(pictures.to(self.device, self.dtype)).latents
            return latents.float()

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` is called often."""
        movq = self.parts.movq
        return self.decoded(
            x0, working, check, lambda one: movq.decode(one, force_not_quantize=True).sample
        )

    def asked(self, conditions: Conditions) -> Network:
        """Return the decoder, asked for image embeddings and shown what is kept."""
        unet, embeds = self.parts.unet, self._embeddings(conditions)
        shown = self._shown_of(conditions) if self._shown else None

        def network(x: Tensor, step: float) -> Tensor:
            if shown is not None:
                x = torch.cat([x, shown.expand(len(x), -1, -1, -1)], dim=1)
            return unet(
                x,
                step,
                encoder_hidden_states=None,
                added_cond_kwargs={"image_embeds": embeds},
                return_dict=False,
            )[0]

        return network

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:
        """Return CLIP's cosine between each picture (N, 3, H, W) and the prompt."""
        if not prompt.strip():
            return None
        with torch.inference_mode():
            said, seen = self._said(prompt), self.parts.eye.see(pictures)
            return nn.functional.cosine_similarity(seen.float(), said.float()).tolist()

    def unload(self) -> None:
        """Give the memory back."""
        super().unload()
        self._parts = None

    @property
    def _channels(self) -> int:
        return int(self.parts.movq.config.latent_channels)

    def _shown_of(self, conditions: Conditions) -> Tensor:
        """Return kept latents, zero elsewhere, and where they are: (1, C + 1, h, w)."""
        channels, height, width = self.latent_shape(conditions.working)
        if conditions.known is None or conditions.hole is None:
            return torch.zeros(1, channels + 1, height, width, device=self.device, dtype=self.dtype)
        hole = cells_of(conditions.hole.to(self.device), (height, width))
        reached = hole.new_tensor(_REACHED)[None, None]
        kept = (nn.functional.conv2d(hole, reached, padding=1) == 0.0).to(hole)
        shown = torch.cat([self.encode(conditions.known) * kept, kept], dim=1)
        return shown.to(self.dtype)

    def _embeddings(self, conditions: Conditions) -> Tensor:
        """Return an image embedding a candidate; with guidance, unasked ones first."""
        wanted = self._wanted(conditions).to(self.dtype)
        if conditions.guidance == 1.0:
            return wanted
        return torch.cat([self._unwanted(conditions).to(self.dtype), wanted])

    def _wanted(self, conditions: Conditions) -> Tensor:
        like = conditions.like
        count = len(conditions.seeds)
        worded = bool(conditions.prompt.strip())
        if like is None:
            seen = conditions.known if conditions.start is None else conditions.start
            if worded or seen is None:
                return self._imagined(conditions)
            return self.parts.eye.see(seen).expand(count, -1)
        seen = self.parts.eye.see(like)
        if conditions.guides or not worded:
            return led(seen, conditions, self.parts.eye.see, self._said).expand(count, -1)
        return between(seen.expand(count, -1), self._imagined(conditions), WORDS)

    def _unwanted(self, conditions: Conditions) -> Tensor:
        count = len(conditions.seeds)
        if not conditions.negative_prompt.strip():
            return self.parts.eye.nothing().expand(count, -1)
        refused = self.parts.reader.read(conditions.negative_prompt, conditions.negative_words)
        return self.parts.prior.imagined(refused, refused, generators(conditions.seeds))

    def _imagined(self, conditions: Conditions) -> Tensor:
        """Return what the prior dreams up from the prompt, one embedding a seed."""
        reader = self.parts.reader
        asked = reader.read(conditions.prompt, conditions.words)
        refused = reader.read(conditions.negative_prompt, conditions.negative_words)
        return self.parts.prior.imagined(asked, refused, generators(conditions.seeds))

    def _said(self, text: str) -> Tensor:
        return self.parts.reader.read(text).embedding
