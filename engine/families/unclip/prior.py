"""The prior at work: from words to the embedding of a picture that nobody has painted yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Generator, Tensor

from engine.families.unclip.texts import Read
from engine.families.unclip.training import Training
from engine.schedules import CLEAN, Level
from engine.transitions import stir

STEPS = 25  # what the authors of Karlo and Kandinsky sample with
GUIDANCE = 4.0


@dataclass(frozen=True, slots=True)
class Prior:
    """A diffusion model of image embeddings."""

    network: Any
    training: Training

    @property
    def width(self) -> int:
        """How many numbers an embedding has."""
        return int(self.network.config.embedding_dim)

    def imagined(
        self,
        asked: Read,
        refused: Read,
        draws: Sequence[Generator],
        steps: int = STEPS,
        guidance: float = GUIDANCE,
    ) -> Tensor:
        """Return image embeddings (N, D) of one text, one for each generator."""
        like, count = asked.embedding, len(draws)
        x = drawn(draws, self.width, like)
        both = [one.repeated(count) for one in (refused, asked)]
        levels = self.training.levels(steps)
        for here, there in pairwise(levels):
            x0 = self._clean(x, here, both, guidance)
            if there == CLEAN:
                x = x0
                break
            x = stir(x, x0, here, there, drawn(draws, self.width, like))
        return self.network.post_process_latents(x.to(like.dtype))

    def _clean(self, x: Tensor, level: Level, texts: Sequence[Read], guidance: float) -> Tensor:
        like = texts[0].embedding
        said = self.network(
            torch.cat([x, x]).to(like.dtype),
            torch.tensor(self.training.path.step(level), device=x.device),
            torch.cat([one.embedding for one in texts]),
            torch.cat([one.hidden for one in texts]),
            torch.cat([one.mask for one in texts]),
            return_dict=False,
        )[0].float()
        plain, wanted = said.chunk(2)
        return self.training.clean(x, plain + guidance * (wanted - plain), level)


def generators(seeds: Sequence[int]) -> list[Generator]:
    """Return one source of randomness a seed, the same on every device."""
    return [Generator("cpu").manual_seed(seed) for seed in seeds]


def drawn(draws: Sequence[Generator], width: int, like: Tensor) -> Tensor:
    """Return float32 noise (N, width) on a tensor's device, a row from each generator."""
    rows = [torch.randn(width, generator=one) for one in draws]
    return torch.stack(rows).to(like.device)
