"""unCLIP in miniature: words, a prior, an image embedding, a decoder with a place for what is kept.

The family of the embedded model. Whole pictures are composed by the prior, which turns the
prompt into the embedding of a picture; variations take the embedding of the picture given; holes
are filled from words and surroundings alone, because an embedding of the whole would contradict
what is already there.

Importing this module imports neither torch nor diffusers: they are loaded with the weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.embedded.conditioning import Asked, Embedded, conditioning
from engine.embedded.emphasis import Encode, length_of, weighed
from engine.embedded.imagination import imagined, unit
from engine.embedded.words import Vocabulary
from engine.errors import ModelError
from engine.families import Conditions, GuideKind, ModelCard, Understanding
from engine.families.unclip.likeness import led
from engine.prompts import Span, Words
from engine.schedules.paths import CosinePath
from engine.watching import Watch

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from engine.api import Size
    from engine.schedules import Denoise, Level, NoisePath

NAME = "unclip"
MARK = "unclip.json"  # the file that tells a folder of this family
CELL = 16  # pixels of the picture that one latent stands for
MULTIPLE = 2 * CELL
TOUCHED = 0.1  # a latent belongs to the hole when the mask reaches this anywhere on it
IN_HOLES = (
    0.5  # of guidance's excess over 1: surroundings already say much, and must stay joined to
)
RESCALE = 0.5  # how much of guidance's growth in contrast is taken back (Lin et al. 2024)


@dataclass(frozen=True, slots=True)
class Parts:
    """The networks, loaded; `reader` is the decoder's own word tower, where it has one."""

    tokenizer: Any
    clip: Any
    reader: Any
    prior: Any
    unet: Any
    vae: Any


class UnclipFamily:
    """Recognises and loads folders of this family."""

    name = NAME

    def recognise(self, path: Path) -> ModelCard | None:
        """Return a card when the folder holds the family's mark."""
        mark = path / MARK
        if not mark.is_file():
            return None
        try:
            told = json.loads(mark.read_text("utf-8"))
            side = int(told["native"])
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"{mark} cannot be read ({error}): install the model again."
            ) from error
        return ModelCard(
            name=str(told["name"]),
            family=NAME,
            path=path,
            native=(side, side),
            multiple=MULTIPLE,
            steps=int(told.get("steps", 20)),
            guidance=float(told.get("guidance", 3.0)),
            detail_strength=float(told.get("detail_strength", 0.0)),
            joined_until=float(told.get("joined_until", 0.2)),
            largest_step=float(told.get("largest_step", 255.0)),
            edge_fade=float(told.get("edge_fade", 0.5)),
            vocabulary_closed=True,
            guides=frozenset(GuideKind),
            notes=str(told.get("notes", "")),
        )

    def load(self, card: ModelCard, device: str, precision: str) -> UnclipModel:
        """Read the weights."""
        import torch

        kinds = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        if precision not in kinds:
            raise ModelError(f"Precision {precision!r} is not one of {', '.join(kinds)}.")
        told = json.loads((card.path / MARK).read_text("utf-8"))
        try:
            parts = _parts(card.path, device, kinds[precision])
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"The model in {card.path} cannot be loaded ({error}): install it again."
            ) from error
        return UnclipModel(card, told, parts, device)


def _parts(path: Path, device: str, dtype: torch.dtype) -> Parts:
    from diffusers.models.modeling_utils import ModelMixin
    from diffusers.models.transformers.prior_transformer import PriorTransformer
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPModel, CLIPTextModelWithProjection, PreTrainedTokenizerFast

    from engine.embedded.patches import PatchAutoencoder

    def ready(part: Any) -> Any:  # noqa: ANN401 - diffusers' and transformers' classes share no base
        return part.to(device).eval().requires_grad_(False)

    def read(kind: type[ModelMixin], name: str) -> Any:  # noqa: ANN401 - as above
        return ready(kind.from_pretrained(path / name, torch_dtype=dtype, low_cpu_mem_usage=False))

    reader = None
    if (path / "text_encoder").is_dir():
        reader = CLIPTextModelWithProjection.from_pretrained(path / "text_encoder", dtype=dtype)
    return Parts(
        tokenizer=PreTrainedTokenizerFast.from_pretrained(path / "tokenizer"),
        clip=ready(CLIPModel.from_pretrained(path / "clip", dtype=dtype)),
        reader=None if reader is None else ready(reader),
        prior=read(PriorTransformer, "prior"),
        unet=read(UNet2DConditionModel, "unet"),
        vae=read(PatchAutoencoder, "vae"),
    )


class UnclipModel:
    """A loaded model of the family."""

    def __init__(self, card: ModelCard, told: Mapping[str, Any], parts: Parts, device: str) -> None:
        import torch

        self.card = card
        self.path: NoisePath = CosinePath()
        self.vocabulary = Vocabulary.read(card.path)
        self._parts: Parts | None = parts
        self._length = int(parts.tokenizer.model_max_length)
        self._device, self._dtype = device, parts.unet.dtype
        self._preview = torch.tensor(told["preview"], device=device)  # (C + 1, 3)
        self._watch = Watch(parts.clip, parts.reader, parts.prior, parts.unet, parts.vae)

    @property
    def parts(self) -> Parts:
        """The networks; a ModelError once they were unloaded."""
        if self._parts is None:
            raise ModelError(f"{self.card.name} was unloaded: load it again.")
        return self._parts

    def understand(self, prompt: str) -> Understanding:
        """Say which words of the prompt the model does not know."""
        return self.vocabulary.understand(prompt)

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        """Return (channels, height, width) of x for a working size."""
        channels = int(self.parts.vae.config["latent_channels"])
        return channels, working.height // CELL, working.width // CELL

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w)."""
        import torch

        with torch.inference_mode():
            return self.parts.vae.encode(pictures.to(self._device, self._dtype)).float()

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` before each."""
        import torch

        pictures = []
        with torch.inference_mode():
            for one in x0.split(1):
                check()
                with self._watch.asking(check):
                    made = self.parts.vae.decode(one.to(self._device, self._dtype))
                pictures.append(made[..., : working.height, : working.width].float().clamp(-1, 1))
            return torch.cat(pictures)

    def preview(self, x0: Tensor) -> Tensor:
        """Latents (N, C, h, w) to uint8 RGB (N, 4 h, 4 w, 3) by an affine map."""
        import torch
        from torch.nn import functional

        with torch.inference_mode():
            rgb = torch.einsum("nchw,cr->nrhw", x0.float(), self._preview[:-1])
            rgb = rgb + self._preview[-1][:, None, None]
            large = functional.interpolate(rgb, scale_factor=4, mode="bilinear")
            return (large.clamp(0, 1) * 255).round().to(torch.uint8).movedim(1, -1)

    def denoiser(self, conditions: Conditions) -> Denoise:
        """Return denoise(x, level) -> x0 with guidance, for one candidate per seed."""
        import torch

        with torch.inference_mode(), self._watch.asking(conditions.check):
            given = self._given(conditions)
            asked = self._asked(conditions)
        strength, rescale = conditions.guidance, RESCALE
        if given is not None:
            strength, rescale = 1 + IN_HOLES * (strength - 1), 0.0

        def denoise(x: Tensor, level: Level) -> Tensor:
            with torch.inference_mode(), self._watch.asking(conditions.check):
                known = None if given is None else given.expand(len(x), -1, -1, -1)
                return self._denoised(x, level, known, asked, (strength, rescale))

        return denoise

    def score(self, pictures: Tensor, prompt: str) -> list[float] | None:
        """Return CLIP's cosine between each picture (N, 3, H, W) and the prompt."""
        import torch

        said = self.vocabulary.known(prompt)
        if not said:
            return None
        with torch.inference_mode():
            words, seen = self._words(said).pooled, self._seen(pictures)
            return (seen @ words[0]).float().tolist()

    def unload(self) -> None:
        """Give the memory back."""
        self._parts = None

    def _denoised(
        self,
        x: Tensor,
        level: Level,
        given: Tensor | None,
        asked: Asked,
        guidance: tuple[float, float],
    ) -> Tensor:
        """Return x0: velocity turned into the clean picture, and guided."""
        import torch

        from engine.guidance import guided

        noisy = x.to(self._dtype)
        if given is None:  # nothing is kept: no known latents, all hole
            given = torch.cat([torch.zeros_like(noisy), torch.ones_like(noisy[:, :1])], dim=1)
        stacked = torch.cat([noisy, given.to(self._dtype)], dim=1)  # (N, 2 C + 1, h, w)
        both = len(asked.tokens) // len(x)  # 2 with guidance: asked first, unasked behind
        velocity = self.parts.unet(
            stacked.repeat(both, 1, 1, 1),
            self.path.time(level) * 1000,
            asked.tokens,
            class_labels=asked.vector,
            return_dict=False,
        )[0].float()
        clean = level.alpha * x.repeat(both, 1, 1, 1) - level.sigma * velocity
        if both == 1:
            return clean
        wanted, plain = clean.chunk(2)
        return guided(wanted, plain, *guidance)

    def _given(self, conditions: Conditions) -> Tensor | None:
        """Return known latents, zero in the hole, and the hole itself: (1, C + 1, h, w)."""
        import torch
        from torch.nn import functional

        if conditions.known is None or conditions.hole is None:
            return None
        hole = functional.max_pool2d(conditions.hole.to(self._device).float(), CELL)
        hole = (hole > TOUCHED).float()  # (1, 1, h, w)
        latents = self.encode(conditions.known)
        return torch.cat([latents * (1 - hole), hole], dim=1)

    def _asked(self, conditions: Conditions) -> Asked:
        """Return what the decoder attends to, a row a seed; with guidance, unasked rows last."""
        import torch

        count = len(conditions.seeds)
        said = conditions.prompt, conditions.words
        pictures = self._pictures(conditions, self._weighed(self._words, *said))  # (N, D)
        words = _repeated(self._weighed(self._read, *said), count)
        if conditions.guidance == 1.0:
            return conditioning(words, pictures, length_of(words, self._length))
        avoided = conditions.negative_prompt, conditions.negative_words
        refused = _repeated(self._weighed(self._read, *avoided), count)
        length = max(length_of(row, self._length) for row in (words, refused))
        asked = conditioning(words, pictures, length)
        unasked = conditioning(refused, torch.zeros_like(pictures), length)
        return Asked(
            torch.cat([asked.tokens, unasked.tokens]), torch.cat([asked.vector, unasked.vector])
        )

    def _pictures(self, conditions: Conditions, words: Embedded) -> Tensor:
        """Return unit image embeddings (N, D), one a seed; zeros where words are enough."""
        import torch

        count = len(conditions.seeds)
        if conditions.like is not None:
            seen = led(self._seen(conditions.like), conditions, self._seen, self._said)
            return seen.expand(count, -1)
        whole = (
            conditions.known is None
            or conditions.hole is None
            or bool(conditions.hole.min() > TOUCHED)
        )
        if not whole or not self.vocabulary.known(conditions.prompt):
            return torch.zeros(
                count, words.pooled.shape[-1], device=self._device, dtype=self._dtype
            )
        return imagined(self.parts.prior, words, conditions.seeds, self._length)

    def _weighed(self, encode: Encode, text: str, words: Words | None) -> Embedded:
        """Return a prompt as one row, its words counting as the painter wrote."""
        spans = (Span(text),) if words is None else words.spans
        return weighed(encode, spans, self.vocabulary.known, self._length)

    def _said(self, text: str) -> Tensor:
        """Return the unit embedding (1, D) of what the model knows of a text."""
        return self._words(self.vocabulary.known(text)).pooled

    def _words(self, text: str) -> Embedded:
        """Return a text after CLIP, as one row."""
        tokens = self._tokens(text)
        out = self.parts.clip.text_model(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        )
        pooled = unit(self.parts.clip.text_projection(out.pooler_output))
        return Embedded(out.last_hidden_state, pooled, tokens["attention_mask"])

    def _read(self, text: str) -> Embedded:
        """Return a text as the decoder reads it, as one row."""
        if self.parts.reader is None:
            return self._words(text)
        tokens = self._tokens(text)
        out = self.parts.reader(**tokens)
        return Embedded(out.last_hidden_state, unit(out.text_embeds), tokens["attention_mask"])

    def _tokens(self, text: str) -> Mapping[str, Tensor]:
        """Return ids and attention mask (1, L) of a text."""
        made = self.parts.tokenizer(
            text, truncation=True, max_length=self._length, return_tensors="pt"
        ).to(self._device)
        return {name: made[name] for name in ("input_ids", "attention_mask")}

    def _seen(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) to unit image embeddings (N, D)."""
        from torch.nn import functional

        side = self.parts.clip.config.vision_config.image_size
        small = functional.interpolate(
            pictures.to(self._device).float(), (side, side), mode="bilinear", antialias=True
        )
        out = self.parts.clip.vision_model(pixel_values=small.to(self._dtype))
        return unit(self.parts.clip.visual_projection(out.pooler_output))


def _repeated(words: Embedded, count: int) -> Embedded:
    return Embedded(*(part.expand(count, *part.shape[1:]) for part in _fields(words)))


def _fields(words: Embedded) -> tuple[Tensor, Tensor, Tensor]:
    return words.hidden, words.pooled, words.mask
