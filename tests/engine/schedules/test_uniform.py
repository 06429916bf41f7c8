from __future__ import annotations

import pytest

from engine.schedules import CosinePath, FlowPath, TablePath, levels_from
from engine.schedules.uniform import model, sgm_uniform, simple

PATH = TablePath.named()


@pytest.mark.parametrize("steps", [1, 2, 7, 20, 50])
def test_simple_takes_the_training_steps_of_diffusers_trailing(steps: int) -> None:
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(timestep_spacing="trailing")
    theirs.set_timesteps(steps)
    ours = [PATH.step(level) for level in simple(PATH, steps)[:-1]]
    # They round to the nearest whole step and we down.
    assert ours == pytest.approx([float(time) for time in theirs.timesteps], abs=1.0 + 1e-6)
    assert [step - round(step) for step in ours] == pytest.approx([0.0] * steps, abs=1e-6)


def test_model_is_uniform_in_time_on_every_path() -> None:
    for path in (PATH, CosinePath(), FlowPath(shift=3.0)):
        times = [path.time(level) for level in model(path, 4)]
        assert times == pytest.approx([1.0, 0.75, 0.5, 0.25, 0.0])


def test_sgm_uniform_heads_for_the_first_training_step_and_leaves_it_out() -> None:
    steps = [PATH.step(level) for level in sgm_uniform(PATH, 4)[:-1]]
    assert steps == pytest.approx([999.0, 749.25, 499.5, 249.75])


def test_simple_takes_fractions_where_whole_steps_run_out() -> None:
    assert simple(TablePath.from_betas([0.1, 0.3, 0.7]), 9) == model(
        TablePath.from_betas([0.1, 0.3, 0.7]), 9
    )
    assert len(levels_from(simple, PATH, 20, strength=0.01)) == 21
