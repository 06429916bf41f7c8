"""Karlo, an unCLIP as the paper has it: prior, decoder of 64 x 64 pixels, two super-resolutions.

x is the small picture itself. The decoder is asked for words and an image embedding, dreamt up by
the prior or seen in a picture; decoding is the super-resolution, a diffusion of seven steps from
one noise that all candidates share: what tells them apart was decided before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Generator, Tensor, nn

from engine.families import Conditions, ModelCard
from engine.families.unclip import sight, texts
from engine.families.unclip.decoding import DecoderModel, Network
from engine.families.unclip.likeness import led
from engine.families.unclip.neighbours import has_part
from engine.families.unclip.networks import Where
from engine.families.unclip.prior import Prior, generators
from engine.families.unclip.training import Training, trained
from engine.schedules import CLEAN
from engine.transitions import stir

if TYPE_CHECKING:
    from engine.api import Size

SHARPENING_STEPS = 7  # what its authors use; the last is the second network's


@dataclass(frozen=True, slots=True)
class SuperResolution:
    """Two networks that paint a large picture from a small one."""

    first: Any
    last: Any
    training: Training

    def enlarged(self, small: Tensor, size: tuple[int, int], draw: Generator) -> Tensor:
        """Return a picture (1, 3, height, width) of a small one (1, 3, h, w)."""
        blurred = nn.functional.interpolate(
            small, size, mode="bicubic", align_corners=False, antialias=True
        )

        def noise() -> Tensor:
            return torch.randn(blurred.shape, generator=draw).to(blurred)

        x, levels = noise(), self.training.levels(SHARPENING_STEPS)
        for here, there in pairwise(levels):
            network = self.last if there == CLEAN else self.first
            step = self.training.path.step(here)
            said = network(torch.cat([x, blurred], dim=1), step).sample[:, :3]
            x0 = self.training.clean(x, said, here)
            x = x0 if there == CLEAN else stir(x, x0, here, there, noise())
        return x


@dataclass(frozen=True, slots=True)
class Parts:
    """The networks, loaded; `prior` and `eye` are None where there are none."""

    decoder: Any
    projection: Any
    reader: texts.Reader
    sharpening: SuperResolution
    prior: Prior | None = None
    eye: sight.Eye | None = None


def parts_of(card: ModelCard, where: Where) -> Parts:
    """Return the networks of a folder, and what it lacks from the folders beside it."""
    from diffusers.models.unets.unet_2d import UNet2DModel
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
    from transformers import CLIPTextModelWithProjection

    path = card.path
    words = where.network(CLIPTextModelWithProjection, path / "text_encoder")
    return Parts(
        decoder=where.network(UNet2DConditionModel, path / "decoder"),
        projection=where.network(UnCLIPTextProjModel, path / "text_proj"),
        reader=texts.reader(words, path / "tokenizer", where.device),
        sharpening=SuperResolution(
            where.network(UNet2DModel, path / "super_res_first"),
            where.network(UNet2DModel, path / "super_res_last"),
            trained(path / "super_res_scheduler"),
        ),
        prior=_prior_of(card, where),
        eye=_eye_of(card, where),
    )


def _prior_of(card: ModelCard, where: Where) -> Prior | None:
    from diffusers.models.transformers.prior_transformer import PriorTransformer

    for home in (card.path, *card.beside):
        if has_part(home, "prior"):
            return Prior(
                where.network(PriorTransformer, home / "prior"), trained(home / "prior_scheduler")
            )
    return None


def _eye_of(card: ModelCard, where: Where) -> sight.Eye | None:
    from transformers import CLIPVisionModelWithProjection

    for home in (card.path, *card.beside):
        if has_part(home, "image_encoder"):
            seeing = where.network(CLIPVisionModelWithProjection, home / "image_encoder")
            return sight.eye(seeing, home / "feature_extractor", where.device)
    return None


class KarloModel(DecoderModel):
    """A loaded model of the kind."""

    def __init__(self, card: ModelCard, parts: Parts, where: Where) -> None:
        self._parts: Parts | None = parts
        sharp = parts.sharpening
        inside = {
            "decoder": parts.decoder,
            "text_proj": parts.projection,
            "text_encoder": parts.reader.network,
            "super_res_first": sharp.first,
            "super_res_last": sharp.last,
        }
        if parts.prior is not None:
            inside["prior"] = parts.prior.network
        if parts.eye is not None:
            inside["image_encoder"] = parts.eye.network
        factor = sharp.first.config.sample_size // parts.decoder.config.sample_size
        training = trained(card.path / "decoder_scheduler")
        super().__init__(card, training, factor, inside, where)

    @property
    def parts(self) -> Parts:
        """The networks; a ModelError once they were unloaded."""
        if self._parts is None:
            raise self.unloaded()
        return self._parts

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (3, height, width) of the small picture."""
        return 3, working.height // self.factor, working.width // self.factor

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] made small: (N, 3, h, w)."""
        return nn.functional.avg_pool2d(pictures.to(self.device).float(), self.factor)

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Small pictures (N, 3, h, w) to pictures (N, 3, H, W) in [-1, 1], sharp."""
        sharpening = self.parts.sharpening

        def enlarged(one: Tensor) -> Tensor:
            size = one.shape[-2] * self.factor, one.shape[-1] * self.factor
            (draw,) = generators([0])
            return sharpening.enlarged(one.clamp(-1.0, 1.0), size, draw)

        return self.decoded(x0, working, check, enlarged)

    def preview(self, x0: Tensor) -> Tensor:
        """Small pictures (N, 3, h, w) to uint8 RGB (N, h', w', 3)."""
        with torch.inference_mode():
            large = nn.functional.interpolate(
                x0.float(), scale_factor=self.factor, mode="bilinear", align_corners=False
            )
            return ((large.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).movedim(1, -1)

    def asked(self, conditions: Conditions) -> Network:
        """Return the decoder, asked for words and image embeddings."""
        decoder, projection = self.parts.decoder, self.parts.projection
        guided, count = conditions.guidance != 1.0, len(conditions.seeds)
        words = [one.repeated(count) for one in self._words(conditions, guided=guided)]
        hidden, vector = projection(
            image_embeddings=self._embedding(conditions).to(self.dtype),
            prompt_embeds=torch.cat([one.embedding for one in words]),
            text_encoder_hidden_states=torch.cat([one.hidden for one in words]),
            do_classifier_free_guidance=guided,
        )
        mask = torch.cat([one.mask for one in words])
        extra = mask.new_ones(len(mask), projection.clip_extra_context_tokens)
        mask = torch.cat([extra, mask], dim=1)

        def network(x: Tensor, step: float) -> Tensor:
            return decoder(
                x,
                step,
                encoder_hidden_states=hidden,
                class_labels=vector,
                attention_mask=mask,
                return_dict=False,
            )[0]

        return network

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:
        """Return CLIP's cosine between each picture (N, 3, H, W) and the prompt."""
        eye = self.parts.eye
        if eye is None or not prompt.strip():
            return None
        with torch.inference_mode():
            seen, said = eye.see(pictures).float(), self._said(prompt).float()
            return nn.functional.cosine_similarity(seen, said).tolist()

    def unload(self) -> None:
        """Give the memory back."""
        super().unload()
        self._parts = None

    def _words(self, conditions: Conditions, *, guided: bool) -> list[texts.Read]:
        reader = self.parts.reader
        asked = reader.read(conditions.prompt, conditions.words)
        if not guided:
            return [asked]
        return [reader.read(conditions.negative_prompt, conditions.negative_words), asked]

    def _embedding(self, conditions: Conditions) -> Tensor:
        """Return image embeddings (N, D), one a seed."""
        parts, count = self.parts, len(conditions.seeds)
        if conditions.like is not None and parts.eye is not None:
            seen = led(parts.eye.see(conditions.like), conditions, parts.eye.see, self._said)
            return seen.expand(count, -1)
        seen = conditions.known if conditions.start is None else conditions.start
        unworded = seen is not None and not conditions.prompt.strip()
        if seen is not None and parts.eye is not None and (unworded or parts.prior is None):
            return parts.eye.see(seen).expand(count, -1)
        if parts.prior is None:  # what guidance takes for no picture at all
            nothing = parts.projection.learned_classifier_free_guidance_embeddings
            return nothing.to(self.device).expand(count, -1)
        reader = parts.reader
        asked = reader.read(conditions.prompt, conditions.words)
        refused = reader.read(conditions.negative_prompt, conditions.negative_words)
        return parts.prior.imagined(asked, refused, generators(conditions.seeds))

    def _said(self, text: str) -> Tensor:
        return self.parts.reader.read(text).embedding
