"""The prior at work: from words to the embedding of a picture that nobody has painted yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.embedded.conditioning import Embedded, padded
from engine.schedules.paths import CosinePath

if TYPE_CHECKING:
    from torch import Tensor

STEPS = 10


def imagined(
    prior: Any,  # noqa: ANN401 - loaded late
    words: Embedded,
    seeds: Sequence[int],
    length: int,
) -> Tensor:
    """Return unit image embeddings (N, D), one a seed, for one row of words of at most `length`."""
    import torch

    path, width, like = CosinePath(), words.pooled.shape[-1], words.pooled
    starts = [torch.randn(width, generator=torch.Generator().manual_seed(s)) for s in seeds]
    x = torch.stack(starts).to(like.device)  # (N, D)
    pooled = (words.pooled * width**0.5).expand(len(seeds), -1)
    hidden = padded(words, length).expand(len(seeds), -1, -1)
    for step in range(STEPS):
        here, there = path.level(1 - step / STEPS), path.level(1 - (step + 1) / STEPS)
        time = torch.tensor(path.time(here) * 1000, device=like.device)
        x0 = prior(x.to(like.dtype), time, pooled, hidden).predicted_image_embedding.float()
        x = there.alpha * x0 + there.sigma * (x - here.alpha * x0) / here.sigma
    return unit(x * prior.clip_std.float() + prior.clip_mean.float()).to(like.dtype)


def unit(x: Tensor) -> Tensor:
    """Return vectors (..., D) of length one; zeros stay zeros."""
    return x / x.norm(dim=-1, keepdim=True).clamp_min(1e-6)
