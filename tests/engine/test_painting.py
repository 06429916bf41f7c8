"""The denoise loop: batches in turn, stages, tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.api import Control, Size
from engine.errors import CancelledError
from engine.families import Conditions, ModelCard
from engine.painting import Painting, Stage
from engine.samplers.euler import euler
from engine.schedules import CosinePath, Denoise, Level
from engine.schedules.uniform import model as uniform

WORKING = Size(96, 64)


class Recorder:
    """A model of factor 8 that paints its candidate's seed, and remembers what it was shown."""

    def __init__(self) -> None:
        self.card = ModelCard(name="r", family="r", path=Path(), native=(64, 64))
        self.path = CosinePath()
        self.shown: list[Conditions] = []

    def latent_shape(self, working: Size) -> tuple[int, int, int]:
        return 1, working.height // 8, working.width // 8

    def encode(self, pictures: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(pictures[:, :1], 8)

    def decode(self, x0: Tensor, working: Size, check: Callable[[], None]) -> Tensor:
        check()
        picture = x0.repeat_interleave(8, 2).repeat_interleave(8, 3).expand(-1, 3, -1, -1)
        assert picture.shape[2:] == (working.height, working.width)
        return picture

    def denoiser(self, conditions: Conditions) -> Denoise:
        self.shown.append(conditions)
        seeds = torch.tensor([float(seed) for seed in conditions.seeds])[:, None, None, None]

        def denoise(x: Tensor, level: Level) -> Tensor:
            conditions.check()
            assert torch.is_inference_mode_enabled()
            assert level.sigma > 0
            return seeds.expand_as(x).clone()

        return denoise


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def painting(recorder: Recorder, control: Control | None = None) -> Painting:
    model: Any = recorder
    check = (control or Control()).check
    conditions = Conditions(working=WORKING, seeds=(), prompt="p", guidance=2.0, check=check)
    seeds = {0: 10, 1: 11, 2: 12}
    return Painting(model, euler, uniform, conditions=conditions, seeds=seeds, device="cpu")


STAGE = Stage(working=WORKING, strength=1.0, steps=3)
KNOWN = np.zeros((64, 96, 3), np.uint8)
HOLE = np.zeros((64, 96), np.float32)
HOLE[:, 72:] = 1.0


def test_batches_take_turns_step_by_step(recorder: Recorder) -> None:
    steps = list(painting(recorder).run([((0, 1), STAGE), ((2,), STAGE)]))
    assert [(step.number, step.batch) for step in steps] == [
        (n, batch) for n in (1, 2, 3) for batch in ((0, 1), (2,))
    ]
    assert steps[0].x0.shape == (2, 1, 8, 12)
    assert [shown.seeds for shown in recorder.shown] == [(10, 11), (12,)]


def test_each_candidate_is_decoded_from_its_own_x0(recorder: Recorder) -> None:
    job = painting(recorder)
    list(job.run([((0, 1), STAGE), ((2,), STAGE)]))
    assert [float(job.picture(k).mean()) for k in range(3)] == [10.0, 11.0, 12.0]


def test_inference_mode_does_not_leak_to_the_caller(recorder: Recorder) -> None:
    for _ in painting(recorder).run([((0,), STAGE)]):
        assert not torch.is_inference_mode_enabled()


def test_without_anything_kept_the_model_is_shown_nothing(recorder: Recorder) -> None:
    list(painting(recorder).run([((0,), replace(STAGE, known=KNOWN))]))
    assert recorder.shown[0].known is None
    assert recorder.shown[0].hole is None


def test_what_is_kept_is_held_exactly(recorder: Recorder) -> None:
    job = painting(recorder)
    *_, last = job.run([((0,), replace(STAGE, known=KNOWN, hole=HOLE))])
    assert torch.equal(last.x0[..., :9], torch.full((1, 1, 8, 9), -1.0))
    assert torch.equal(last.x0[..., 9:], torch.full((1, 1, 8, 3), 10.0))


def test_tiles_see_their_own_part_and_those_without_a_hole_are_not_painted(
    recorder: Recorder,
) -> None:
    stage = replace(STAGE, known=KNOWN, hole=HOLE, tile=Size(32, 32), overlap=8)
    *_, last = painting(recorder).run([((0,), stage)])
    assert 0 < len(recorder.shown) < 12
    for shown in recorder.shown:
        assert shown.working == Size(32, 32)
        assert shown.known is not None
        assert shown.known.shape == (1, 3, 32, 32)
        assert shown.hole is not None
        assert shown.hole.shape == (1, 1, 32, 32)
        assert shown.hole.any()
    assert torch.equal(last.x0[..., 9:], torch.full((1, 1, 8, 3), 10.0))
    assert torch.equal(last.x0[..., :9], torch.full((1, 1, 8, 9), -1.0))


def test_a_weak_strength_starts_from_what_is_known(recorder: Recorder) -> None:
    model: Any = recorder
    seen: list[tuple[Tensor, float]] = []

    def first_x(
        denoise: Denoise, x: Tensor, levels: list[Level], noise: Callable[[], Tensor]
    ) -> Any:
        seen.append((x, levels[0].sigma))
        return euler(denoise, x, levels, noise)

    sampler: Any = first_x
    conditions = Conditions(working=WORKING, seeds=())
    job = Painting(model, sampler, uniform, conditions=conditions, seeds={0: 1}, device="cpu")
    list(job.run([((0,), replace(STAGE, known=KNOWN, strength=0.01))]))
    x, sigma = seen[0]
    assert abs(float(x.mean()) + 1.0) < 0.05
    assert 0.0 < sigma < 0.05


def test_streams_of_one_job_draw_different_noise(recorder: Recorder) -> None:
    model: Any = recorder
    starts: list[Tensor] = []

    def first_x(
        denoise: Denoise, x: Tensor, levels: list[Level], noise: Callable[[], Tensor]
    ) -> Any:
        starts.append(x)
        return euler(denoise, x, levels, noise)

    sampler: Any = first_x
    conditions = Conditions(working=WORKING, seeds=())
    job = Painting(model, sampler, uniform, conditions=conditions, seeds={0: 1}, device="cpu")
    for stream in (0, 1, 0):
        list(job.run([((0,), replace(STAGE, stream=stream))]))
    assert torch.equal(starts[0], starts[2])
    assert not torch.equal(starts[0], starts[1])


def test_a_cancelled_job_stops_at_the_next_step(recorder: Recorder) -> None:
    control = Control()
    steps = painting(recorder, control).run([((0,), STAGE)])
    next(steps)
    control.cancel()
    with pytest.raises(CancelledError):
        next(steps)


@pytest.mark.parametrize(("until", "level"), [(0.0, -1.0), (1.0, 10.0)])
def test_a_hole_may_take_its_light_from_around_it(
    recorder: Recorder, until: float, level: float
) -> None:
    stage = replace(STAGE, known=KNOWN, hole=HOLE, joined_until=until)
    first = next(iter(painting(recorder).run([((0,), stage)])))
    assert torch.allclose(first.x0[..., 9:], torch.full((1, 1, 8, 3), level), atol=1e-4)


@pytest.mark.parametrize(("regained", "contrast"), [(0.0, 0.0), (0.5, 0.25), (1.0, 0.5)])
def test_detail_that_encoding_loses_is_given_back(
    recorder: Recorder, regained: float, contrast: float
) -> None:
    stripes = np.full((64, 96, 3), 64, np.uint8)
    stripes[:, ::2] = 191
    job = painting(recorder)
    job._seeds = {0: 0}  # paints 0, a middle grey
    list(job.run([((0,), replace(STAGE, known=stripes, regained=regained))]))
    picture = job.picture(0)[0, 0]
    assert torch.allclose(picture[:, ::2] - picture[:, 1::2], torch.tensor(2 * contrast), atol=0.01)
