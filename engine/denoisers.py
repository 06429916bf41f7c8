"""What is wrapped around a model's denoiser; samplers know of none of it.

`blended` keeps what the painter wants kept, `tiled` paints pictures larger than the model's own size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.schedules import Denoise, Level, NoisePath

_RAMP = 0.1  # share of the time over which a pixel goes from kept to painted


def blended(
    denoise: Denoise, known: Tensor, hole: Tensor, path: NoisePath, start: Level
) -> Denoise:
    """Return a denoiser that holds x0 to `known` where `hole` is closed at that time.

    Levin and Fried 2023 (Differential Diffusion), on x0 instead of x: a soft mask value m is kept until the
    share of time left has fallen to m, so 1 is painted from the first step and 0 never. Holding x0 makes
    every sampler carry the noise of the kept part itself. `known` is (1 or N, C, h, w), `hole`
    (1, 1, h, w) in [0, 1]; `start` is the level the painting starts at.
    """
    start_time = max(path.time(start), 1e-6)

    def held(x: Tensor, level: Level) -> Tensor:
        x0 = denoise(x, level)
        left = min(1.0, path.time(level) / start_time)
        opened = ((hole - left) / _RAMP + hole).clamp(0.0, 1.0)
        return known + opened * (x0 - known)

    return held


def tiled(
    each: Sequence[tuple[slice, slice, Denoise]], shape: tuple[int, int], overlap: int
) -> Denoise:
    """Return a denoiser of a large x from denoisers of its overlapping tiles, blended at every step.

    Bar-Tal et al. 2023 (MultiDiffusion). Slices are rows and columns of x (h, w); weights fade linearly over
    `overlap` towards a tile's border, so that no seam is left. What no tile covers is passed through.
    """

    def denoise(x: Tensor, level: Level) -> Tensor:
        total = torch.zeros_like(x)
        weights = x.new_zeros(1, 1, *shape)
        for rows, columns, tile in each:
            part = x[:, :, rows, columns]
            weight = _feathered(part.shape[2], part.shape[3], overlap).to(x)
            total[:, :, rows, columns] += weight * tile(part, level)
            weights[:, :, rows, columns] += weight
        return torch.where(weights > 0, total / weights.clamp_min(1e-6), x)

    return denoise


def spans(length: int, tile: int, overlap: int) -> list[slice]:
    """Return slices of size `tile` that cover 0..length, evenly spread, overlapping by at least `overlap`."""
    if length <= tile:
        return [slice(0, length)]
    count = -(-(length - overlap) // (tile - overlap))
    last = length - tile
    starts = [round(last * i / (count - 1)) for i in range(count)]
    return [slice(start, start + tile) for start in starts]


def _feathered(height: int, width: int, overlap: int) -> Tensor:
    """Return weights (h, w): 1 inside, falling linearly to almost 0 at the borders."""
    return _ramp(height, overlap)[:, None] * _ramp(width, overlap)[None, :]


def _ramp(length: int, overlap: int) -> Tensor:
    from_border = torch.minimum(torch.arange(length), torch.arange(length).flip(0)) + 1.0
    return (from_border / (overlap + 1)).clamp(max=1.0)
