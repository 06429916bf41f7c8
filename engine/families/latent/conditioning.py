"""What a latent network is conditioned on, beside the noisy latents: words, sizes, what is kept.

`Asked` is the one place where conditioning enters the network: whatever else a picture is painted
from (a control network's residuals, the tokens of a picture) becomes one more entry of `more`,
given to the network by its own name, with a row for every row of the batch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.api import Size
from engine.families.latent.readers import Read

AESTHETIC, UNAESTHETIC = 6.0, 2.5  # scores the refiner is told for the prompt and the negative one
_GUIDANCE_SCALE = 1000.0  # guidance is embedded as times are, in thousandths


@dataclass(frozen=True, slots=True)
class Asked:
    """What the network takes beside the latents; with guidance, unasked rows first, asked behind.

    `hidden` is (rows, L, D); `more` are further arguments of the network, by name.
    """

    hidden: Tensor
    more: Mapping[str, Any] = field(default_factory=dict)
    guided: bool = False


def asked(
    wanted: Read, avoided: Read | None, count: int, sizes: Tensor | None, dtype: torch.dtype
) -> Asked:
    """Return the rows of a batch of `count` candidates; `avoided` is None without guidance.

    `sizes` are the micro-conditioning's numbers, a row for each of `avoided` and `wanted`.
    """
    both = [wanted] if avoided is None else [avoided, wanted]
    hidden = torch.cat([one.hidden.expand(count, -1, -1) for one in both]).to(dtype)
    more: dict[str, Any] = {}
    if sizes is not None:
        texts = [one.pooled.expand(count, -1) for one in both if one.pooled is not None]
        more["added_cond_kwargs"] = {
            "text_embeds": torch.cat(texts).to(dtype),
            # In fp32 whatever the precision: half would round sizes before they are embedded.
            "time_ids": sizes[-len(both) :].repeat_interleave(count, dim=0),
        }
    return Asked(hidden, more, guided=avoided is not None)


def nothing(like: Read) -> Read:
    """Return the prompt that says nothing, all zeros, of a prompt's shape."""
    pooled = None if like.pooled is None else torch.zeros_like(like.pooled)
    return Read(torch.zeros_like(like.hidden), pooled)


def sizes_of(working: Size, *, scores: bool, device: str) -> Tensor:
    """Return SDXL's micro-conditioning (2, 6), or (2, 5) with aesthetic scores; unasked first.

    The picture is as large as it was made, uncropped: Podell et al. (arXiv:2307.01952), part 2.2.
    """
    original, crop = (working.height, working.width), (0, 0)
    if scores:
        rows: Sequence[Sequence[float]] = (
            (*original, *crop, UNAESTHETIC),
            (*original, *crop, AESTHETIC),
        )
    else:
        rows = ((*original, *crop, *original),) * 2
    return torch.tensor(rows, dtype=torch.float32, device=device)


def guidance_embedding(guidance: float, width: int, device: str) -> Tensor:
    """Return (1, width): how strongly a network that was distilled with guidance is to follow.

    Meng et al. (arXiv:2210.03142) with Luo et al.'s scale, w = guidance - 1; sines, then cosines.
    """
    half = width // 2
    steps = torch.arange(half, dtype=torch.float32, device=device)
    frequencies = torch.exp(steps * -(math.log(10000.0) / (half - 1)))
    angles = (guidance - 1.0) * _GUIDANCE_SCALE * frequencies[None]
    embedded = torch.cat([angles.sin(), angles.cos()], dim=1)
    return functional.pad(embedded, (0, width - 2 * half))


def shown_of(known: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
    """Return what an inpainting network sees: the picture, grey in the hole, and the hard hole.

    `known` is (1, 3, H, W), `hole` (1, 1, H, W) in [0, 1]. Such networks were trained with hard
    holes; what a soft border lets be painted late is still shown.
    """
    hard = (hole > 0.5).to(known)
    return known * (1.0 - hard), hard
