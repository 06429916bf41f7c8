"""Keeping what is kept, and painting in tiles."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from engine.api import Size
from engine.canvas import tiles
from engine.denoisers import blended, joined, tiled
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


def ramp() -> Tensor:
    return torch.linspace(-1, 1, SHAPE[3]).expand(SHAPE)


def joined_x0(painted_x0: Tensor, known: Tensor, hole: Tensor, time: float = 1.0) -> Tensor:
    path = CosinePath()

    def denoise(x: Tensor, level: Level) -> Tensor:  # noqa: ARG001 - a denoiser's signature
        return painted_x0

    return joined(denoise, known, hole, path, 0.2)(painted_x0, path.level(time))


def box_hole() -> Tensor:
    hole = torch.zeros(1, 1, *SHAPE[2:])
    hole[..., 3:9, 5:15] = 1.0
    return hole


def test_a_wrong_level_in_a_hole_is_taken_from_its_surroundings() -> None:
    known, hole = torch.full(SHAPE, 0.4), box_hole()
    dark = torch.where(hole > 0, -0.8, known)
    assert torch.allclose(joined_x0(dark, known, hole), known, atol=1e-5)


def test_what_stands_out_in_a_hole_stays_as_far_out() -> None:
    known, hole = torch.full(SHAPE, 0.4), box_hole()
    night = torch.where(hole > 0, -0.8, known)
    moon = night.clone()
    moon[..., 5:7, 9:11] += 0.5
    rise = joined_x0(moon, known, hole) - known
    assert torch.allclose(rise[..., 5:7, 9:11], torch.tensor(0.5), atol=1e-4)
    rise[..., 5:7, 9:11] = 0.0
    assert float(rise.abs().max()) < 1e-4


def test_paint_that_fits_already_is_not_changed() -> None:
    hole = torch.zeros(1, 1, *SHAPE[2:])
    hole[..., 5:15] = 1.0
    flat = torch.zeros(SHAPE)
    flat[..., 7:13] = 0.9  # an object that does not reach the border
    assert torch.allclose(joined_x0(flat, torch.zeros(SHAPE), hole), flat, atol=1e-5)


def test_a_hole_between_two_levels_goes_from_one_to_the_other() -> None:
    hole = torch.zeros(1, 1, *SHAPE[2:])
    hole[..., 5:15] = 1.0
    known = torch.where(torch.arange(SHAPE[3]) < 10, -1.0, 1.0).expand(SHAPE)
    row = joined_x0(torch.zeros(SHAPE), known, hole)[0, 0, 4]
    assert float(row[5]) < -0.8
    assert float(row[14]) > 0.8
    assert bool((row[5:15].diff() >= -1e-5).all())


def test_joining_fades_out_and_then_leaves_x0_alone() -> None:
    known, hole = ramp(), box_hole()
    dark = torch.full(SHAPE, -0.8)
    full, half = joined_x0(dark, known, hole, 0.9), joined_x0(dark, known, hole, 0.35)
    assert torch.allclose(half - dark, (full - dark) / 2, atol=1e-4)
    assert torch.equal(joined_x0(dark, known, hole, 0.2), dark)


@pytest.mark.parametrize("value", [0.0, 1.0], ids=["no hole", "all hole"])
def test_without_a_border_there_is_nothing_to_join(value: float) -> None:
    hole = torch.full((1, 1, *SHAPE[2:]), value)
    dark = torch.full(SHAPE, -0.8)
    assert torch.equal(joined_x0(dark, ramp(), hole), dark)


def test_each_candidate_is_joined_for_itself() -> None:
    known, hole = ramp(), box_hole()
    both = CandidateNoise([1, 2], SHAPE[1:], "cpu")()
    together = joined_x0(both, known, hole)
    assert torch.allclose(together[1:], joined_x0(both[1:], known, hole), atol=1e-6)
