"""The parts of an unCLIP model that some rows measure one by one: its CLIP, prior and decoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.families.unclip import MARK, UnclipFamily, UnclipModel
from engine.pictures import as_tensor

if TYPE_CHECKING:
    from engine.embedded.conditioning import Asked, Embedded
    from engine.evaluation.painters import Painter, Picture
    from engine.families import Conditions

_BATCH = 50


class Towers(UnclipModel):
    """A model whose image embeddings can be replaced: `forced` (D,) where it is not None."""

    forced: Tensor | None = None

    def seen(self, pictures: Sequence[Picture]) -> Tensor:
        """RGB pictures uint8 (H, W, 3) to unit image embeddings (N, D)."""
        rows = []
        with torch.inference_mode():
            for start in range(0, len(pictures), _BATCH):
                batch = [as_tensor(p, "cpu") for p in pictures[start : start + _BATCH]]
                rows.append(self._seen(torch.cat(batch)).float())
        return torch.cat(rows)

    def said(self, prompts: Sequence[str]) -> Tensor:
        """Prompts to unit word embeddings (N, D)."""
        with torch.inference_mode():
            known = [self.vocabulary.known(prompt) for prompt in prompts]
            return torch.cat([self._words(text).pooled.float() for text in known])

    def meant(self, prompt: str, seed: int) -> Tensor:
        """Return the unit image embedding (D,) that the prior makes of a prompt."""
        from engine.embedded.imagination import imagined

        with torch.inference_mode():
            words = self._words(self.vocabulary.known(prompt))
            return imagined(self.parts.prior, words, (seed,), self._length)[0].float()

    def asked(self, conditions: Conditions) -> Asked:
        """Return what the decoder takes, as a step takes it."""
        with torch.inference_mode():
            return self._asked(conditions)

    def _pictures(self, conditions: Conditions, words: Embedded) -> Tensor:
        if self.forced is None:
            return super()._pictures(conditions, words)
        return self.forced.to(self._device, self._dtype).expand(len(conditions.seeds), -1)


def towers(painter: Painter) -> Towers | None:
    """Return the painter's model with its parts at hand, None where it is no unCLIP."""
    family = UnclipFamily()
    card = painter.card
    if card.family != family.name:
        return None
    whole = family.load(card, "cpu", "fp32")
    told = json.loads((card.path / MARK).read_text("utf-8"))
    return Towers(card, told, whole.parts, "cpu")
