"""Moves of an image embedding: towards another picture's, and along the difference of two texts.

Ramesh et al. (arXiv:2204.06125, sections 3.2 and 3.3) move on the sphere, which is where CLIP's
embeddings of pictures lie; where a model's are not of unit length, their length is carried along.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.families import Conditions, TowardsPicture

if TYPE_CHECKING:
    from torch import Tensor

_ALIGNED = 1e-4  # sine below which two directions count as one, or as opposite


def led(
    seen: Tensor,
    conditions: Conditions,
    see: Callable[[Tensor], Tensor],
    read: Callable[[str], Tensor],
) -> Tensor:
    """Return an image embedding (1, D) moved by all guides.

    `see` embeds a picture (1, 3, H, W), `read` a text, both as (1, D) in the same space.
    """
    for guide in conditions.guides:
        if isinstance(guide, TowardsPicture):
            seen = between(seen, see(guide.picture), guide.share)
        else:
            wanted, there_now = read(conditions.prompt), read(guide.instead_of)
            seen = turned(seen, _unit(wanted) - _unit(there_now), guide.share)
    return seen


def between(start: Tensor, end: Tensor, share: float) -> Tensor:
    """Return what lies between two vectors (N, D): directions on the sphere, lengths linearly."""
    import torch

    here, there = _unit(start.float()), _unit(end.float())
    cosine = (here * there).sum(-1, keepdim=True).clamp(-1.0, 1.0)
    angle = torch.arccos(cosine)
    sine = torch.sin(angle)
    straight = sine < _ALIGNED
    sine = torch.where(straight, 1.0, sine)
    first = torch.where(straight, 1.0 - share, torch.sin((1.0 - share) * angle) / sine)
    second = torch.where(straight, share, torch.sin(share * angle) / sine)
    length = torch.lerp(_length(start.float()), _length(end.float()), share)
    return (length * _unit(first * here + second * there)).to(start.dtype)


def turned(start: Tensor, direction: Tensor, share: float) -> Tensor:
    """Return a vector (N, D) turned towards a direction, its length kept.

    A direction of no length, as the difference of two equal texts, leaves it where it is.
    """
    import torch

    aimed = between(start, _length(start) * _unit(direction), share)
    return torch.where(_length(direction) < _ALIGNED, start, aimed)


def _length(x: Tensor) -> Tensor:
    return x.norm(dim=-1, keepdim=True)


def _unit(x: Tensor) -> Tensor:
    return x / _length(x).clamp_min(1e-8)
