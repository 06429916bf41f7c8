"""What is wrapped around a model's denoiser; samplers know of none of it.

`blended` keeps what the painter wants kept, `tiled` paints pictures larger than the model's own
size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.canvas.tiles import Tile
from engine.schedules import Denoise, Level, NoisePath

_RAMP = 0.1  # share of the time over which a pixel goes from kept to painted


def blended(
    denoise: Denoise, known: Tensor, hole: Tensor, path: NoisePath, start: Level
) -> Denoise:
    """Return a denoiser that holds x0 to `known` where `hole` is closed at that time.

    Levin and Fried 2023 (Differential Diffusion), on x0 instead of x: a soft mask value m is kept
    until the share of time left has fallen to m, so 1 is painted from the first step and 0 never.
    Holding x0 makes every sampler carry the noise of the kept part itself. `known` is
    (1 or N, C, h, w), `hole` (1, 1, h, w) in [0, 1]; `start` is the level the painting starts at.
    """
    start_time = max(path.time(start), 1e-6)

    def held(x: Tensor, level: Level) -> Tensor:
        x0 = denoise(x, level)
        left = min(1.0, path.time(level) / start_time)
        opened = ((hole - left) / _RAMP + hole).clamp(0.0, 1.0)
        return known + opened * (x0 - known)

    return held


def tiled(each: Sequence[tuple[Tile, Denoise]]) -> Denoise:
    """Return a denoiser of a large x from denoisers of its overlapping tiles, mixed at every step.

    Bar-Tal et al. 2023 (MultiDiffusion): since all tiles agree after every step, no seam can grow.
    Boxes and weights are in cells of x. What no tile covers comes back as it was.
    """

    def denoise(x: Tensor, level: Level) -> Tensor:
        mixed, covered = torch.zeros_like(x), torch.zeros_like(x[:1, :1])
        for tile, paint in each:
            rows = slice(tile.box.top, tile.box.bottom)
            columns = slice(tile.box.left, tile.box.right)
            weight = torch.from_numpy(tile.weights).to(x)
            mixed[:, :, rows, columns] += weight * paint(x[:, :, rows, columns], level)
            covered[:, :, rows, columns] += weight
        return torch.where(covered > 0.0, mixed / covered.clamp_min(1e-6), x)

    return denoise
