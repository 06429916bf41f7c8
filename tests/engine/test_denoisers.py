"""Keeping what is kept, and painting in tiles."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.api import Size
from engine.canvas import tiles
from engine.denoisers import blended, tiled
from engine.noise import CandidateNoise
from engine.samplers.euler import euler
from engine.schedules import CLEAN, CosinePath, FlowPath, Level, NoisePath

SHAPE = (1, 2, 12, 20)
PATHS = [CosinePath(), FlowPath()]


def white(x: Tensor, level: Level) -> Tensor:  # noqa: ARG001 - a denoiser's signature
    return torch.ones_like(x)


def painted(hole: Tensor, path: NoisePath, known: Tensor, steps: int = 10) -> list[Tensor]:
    levels = [*(path.level(1 - i / steps) for i in range(steps)), CLEAN]
    denoise = blended(white, known, hole, path, levels[0])
    noise = CandidateNoise([1], SHAPE[1:], "cpu")
    return list(euler(denoise, noise(), levels, noise))


@pytest.mark.parametrize("path", PATHS, ids=["cosine", "flow"])
def test_a_closed_hole_keeps_exactly_and_an_open_one_paints_from_the_first_step(
    path: NoisePath,
) -> None:
    known = torch.full(SHAPE, -0.5)
    hole = torch.zeros(1, 1, *SHAPE[2:])
    hole[..., 10:] = 1.0
    for x0 in painted(hole, path, known):
        assert torch.equal(x0[..., :10], known[..., :10])
        assert torch.equal(x0[..., 10:], torch.ones_like(known[..., 10:]))


def test_the_softer_the_mask_the_later_it_opens() -> None:
    known = torch.zeros(SHAPE)
    hole = torch.linspace(0, 1, SHAPE[3]).expand(1, 1, *SHAPE[2:])
    columns = [x0[0, 0, 0] for x0 in painted(hole, CosinePath(), known, steps=20)]
    for before, after in pairwise(columns):
        assert bool((after >= before - 1e-6).all())
    opened = [sum(float(column[i]) < 0.5 for column in columns) for i in range(SHAPE[3])]
    assert opened == sorted(opened, reverse=True)
    assert opened[0] == 20
    assert opened[-1] == 0


def test_tiles_of_a_local_denoiser_are_the_whole() -> None:
    def local(x: Tensor, level: Level) -> Tensor:
        return x.tanh() * level.alpha

    x = CandidateNoise([1, 2], (4, 25, 37), "cpu")()
    parts = tiles(Size(37, 25), Size(8, 8), 2)
    level = Level(0.6, 0.8)
    joined = tiled([(part, local) for part in parts])(x, level)
    assert len(parts) > 12
    assert torch.allclose(joined, local(x, level), atol=1e-6)


def test_tiles_that_disagree_fade_into_each_other() -> None:
    parts = tiles(Size(14, 8), Size(8, 8), 2)
    values = iter((0.0, 1.0))

    def constant(value: float) -> object:
        return lambda x, level: torch.full_like(x, value)  # noqa: ARG005

    each = [(part, constant(next(values))) for part in parts]
    row = tiled(each)(torch.zeros(1, 1, 8, 14), Level(0.6, 0.8))[0, 0, 0]  # type: ignore[arg-type]
    assert row[0] == 0.0
    assert row[-1] == 1.0
    assert 0.0 < float(row[6]) < float(row[7]) < 1.0


def test_where_no_tile_lies_nothing_changes() -> None:
    part = tiles(Size(14, 8), Size(8, 8), 2)[0]
    x = torch.full((1, 1, 8, 14), 0.3)
    out = tiled([(part, white)])(x, Level(0.6, 0.8))
    assert torch.equal(out[..., 8:], x[..., 8:])
    assert torch.equal(out[..., :6], torch.ones(1, 1, 8, 6))
