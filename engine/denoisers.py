"""What is wrapped around a model's denoiser; samplers know of none of it.

`blended` keeps what the painter wants kept, `joined` lets its light and colour run on into the
hole, `tiled` paints pictures larger than the model's own size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from engine.canvas.tiles import Tile
from engine.schedules import Denoise, Level, NoisePath

_FADE = 0.3  # of the time, over which joining ends
_SAME_TIME = 1e-6
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


def joined(denoise: Denoise, known: Tensor, hole: Tensor, path: NoisePath, until: float) -> Denoise:
    """Return a denoiser whose x0 in a hole begins where its surroundings end.

    A small model follows its prompt and forgets the light it paints in: a moon brings its night
    along. Here x0 keeps its own slopes but takes its level from what is known at the hole's
    border (Perez et al. 2003, "Poisson Image Editing", with latents for pixels), as long as more
    than `until` of the time is left, fading out. Shapes as in `blended`. One unknown a cell of the
    hole is solved for directly, which suits the latents of small models.
    """
    inside = hole[0, 0] > 0.5
    if bool(inside.all()) or not bool(inside.any()):
        return denoise
    cells, border = _correction(inside)
    outside = known.flatten(2)[:, :, border.outside]

    def continued(x: Tensor, level: Level) -> Tensor:
        x0 = denoise(x, level)
        weight = min(1.0, max(0.0, (path.time(level) - until) / _FADE))
        if weight == 0.0:
            return x0
        flat = x0.flatten(2).clone()  # (N, C, h * w)
        gap = outside - flat[:, :, border.inside]
        flat[:, :, cells] += weight * (gap @ border.solution)
        return flat.view_as(x0)

    return continued


class _Border(NamedTuple):
    """Pairs of neighbours across the border of a hole, and what their gaps mean for its cells."""

    inside: Tensor  # (pairs,) flat indices
    outside: Tensor
    solution: Tensor  # (pairs, cells)


def _correction(inside: Tensor) -> tuple[Tensor, _Border]:
    """Return the cells (h, w) of a hole as flat indices, and its border.

    The correction is harmonic: in every cell the mean of its neighbours', or of the gap to a kept
    one, so that (degree) c - sum of c over neighbours inside = sum of gaps over those outside.
    """
    grid = torch.arange(inside.numel(), device=inside.device).view_as(inside)
    steps = [(grid[:, :-1], grid[:, 1:]), (grid[:-1], grid[1:])]
    pairs = [torch.stack([a.flatten(), b.flatten()]) for a, b in steps]
    here, there = torch.cat([*pairs, *(pair.flip(0) for pair in pairs)], dim=1)
    flat = inside.flatten()
    here, there = here[flat[here]], there[flat[here]]
    cells = flat.nonzero().squeeze(1)
    place = torch.zeros_like(grid).flatten()
    place[cells] = torch.arange(len(cells), device=inside.device)
    across = ~flat[there]
    one = torch.ones((), dtype=torch.float64, device=inside.device)
    system = one.new_zeros(len(cells), len(cells))
    system.index_put_((place[here], place[here]), one, accumulate=True)
    within = ~across
    system.index_put_((place[here[within]], place[there[within]]), -one, accumulate=True)
    spread = torch.linalg.inv(system)[:, place[here[across]]]  # (cells, pairs)
    return cells, _Border(here[across], there[across], spread.T.float().contiguous())


def switched(each: Sequence[Denoise], levels: Sequence[Level], path: NoisePath) -> Denoise:
    """Return a denoiser that is another one at every step: `each[i]` from `levels[i]` on.

    Which one is asked depends on the noise alone, so that samplers may look ahead, go back and call
    as often as they like.
    """
    starts = [path.time(level) for level in levels[: len(each)]]

    def denoise(x: Tensor, level: Level) -> Tensor:
        time = path.time(level)
        step = sum(start >= time - _SAME_TIME for start in starts) - 1
        return each[max(0, step)](x, level)

    return denoise


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
