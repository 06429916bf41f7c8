from __future__ import annotations

import math
from itertools import pairwise

import pytest

from engine.schedules import FlowPath, Schedule, TablePath, levels_from
from engine.schedules.sigmas import CLEANEST, NOISIEST, exponential, karras, polyexponential

PATH = TablePath.named("scaled_linear")
FORGIVEN = "ignore:__array__ implementation doesn't accept:DeprecationWarning"


@pytest.mark.filterwarnings(FORGIVEN)
@pytest.mark.parametrize("steps", [2, 5, 20])
@pytest.mark.parametrize(
    ("schedule", "option"),
    [(karras, "use_karras_sigmas"), (exponential, "use_exponential_sigmas")],
)
def test_it_equals_diffusers(schedule: Schedule, option: str, steps: int) -> None:
    from diffusers import EulerDiscreteScheduler

    # Of theirs the range is the one of the training steps they start from: linspace has all of it.
    theirs = EulerDiscreteScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        timestep_spacing="linspace",
        **{option: True},
    )
    theirs.set_timesteps(steps)
    ours = [level.ratio for level in schedule(PATH, steps)]
    assert ours == pytest.approx([float(sigma) for sigma in theirs.sigmas], rel=2e-4)


def test_from_pure_noise_the_ramp_is_laid_over_a_finite_range() -> None:
    ratios = [level.ratio for level in karras(FlowPath(), 3)]
    middle = (0.5 * (NOISIEST ** (1 / 7) + CLEANEST ** (1 / 7))) ** 7
    assert ratios == pytest.approx([math.inf, middle, CLEANEST, 0.0])


def test_exponential_is_uniform_in_log_snr() -> None:
    snrs = [level.log_snr for level in exponential(PATH, 9)[:-1]]
    gaps = [b - a for a, b in pairwise(snrs)]
    assert gaps == pytest.approx([gaps[0]] * 8)


@pytest.mark.parametrize("schedule", [karras, exponential])
def test_a_strength_below_1_still_ends_at_the_first_training_step(schedule: Schedule) -> None:
    levels = levels_from(schedule, PATH, 8, strength=0.4)
    assert PATH.step(levels[-2]) == pytest.approx(0.0, abs=1e-6)
    assert levels[-2].ratio == pytest.approx(PATH.level(0.001).ratio)


def test_polyexponential_lies_between_exponential_and_the_low_end() -> None:
    even, bent = exponential(PATH, 9), polyexponential(PATH, 9)
    assert [bent[0], bent[-2], bent[-1]] == [even[0], even[-2], even[-1]]
    assert all(b.ratio < e.ratio for b, e in zip(bent[1:-2], even[1:-2], strict=True))
    low, high = math.log(bent[-2].ratio), math.log(bent[0].ratio)
    middle = math.exp(low + (high - low) * 0.5**1.3)
    assert bent[4].ratio == pytest.approx(middle, rel=1e-6)
