"""What schedulers' settings say, against diffusers' own schedulers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_unclip import UnCLIPScheduler

from engine.errors import ModelError
from engine.families.unclip.training import Training, trained
from engine.schedules import CLEAN


def written(folder: Path, scheduler: Any) -> Training:
    scheduler.save_pretrained(folder)
    return trained(folder)


@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
@pytest.mark.parametrize("clipped", [{}, {"clip_sample_range": 2.0}, {"thresholding": True}])
def test_the_clean_picture_is_what_diffusers_takes_it_for(
    tmp_path: Path, prediction: str, clipped: dict[str, Any]
) -> None:
    told = {"clip_sample": bool(clipped), "sample_max_value": 1.5, **clipped}
    scheduler = DDPMScheduler(prediction_type=prediction, **told)
    training = written(tmp_path, scheduler)
    x, said = torch.randn(2, 2, 3, 4, 4, generator=torch.Generator().manual_seed(1)).unbind(0)
    theirs = scheduler.step(said, 400, x, generator=torch.Generator()).pred_original_sample
    ours = training.clean(x, said, training.path.level(401 / 1000))
    assert torch.allclose(ours, theirs, atol=1e-4, rtol=1e-4)


def test_karlos_steps_are_visited_evenly_and_both_ends_included(tmp_path: Path) -> None:
    scheduler = UnCLIPScheduler()
    training = written(tmp_path, scheduler)
    scheduler.set_timesteps(7)
    levels = training.levels(7)
    assert [training.path.step(level) for level in levels[:-1]] == pytest.approx(
        [float(step) for step in scheduler.timesteps]
    )
    assert levels[-1] == CLEAN
    for level, step in zip(levels, scheduler.timesteps, strict=False):
        assert level.alpha**2 == pytest.approx(float(scheduler.alphas_cumprod[step]), rel=1e-4)


def test_other_steps_are_visited_from_the_first_on(tmp_path: Path) -> None:
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    training = written(tmp_path, scheduler)
    scheduler.set_timesteps(25)
    steps = [round(training.path.step(level)) for level in training.levels(25)[:-1]]
    assert steps == scheduler.timesteps.tolist()


def test_a_table_of_betas_is_taken_as_it_stands(tmp_path: Path) -> None:
    betas = [0.01 * (i + 1) for i in range(20)]
    training = written(tmp_path, DDPMScheduler(20, trained_betas=betas))
    assert len(training.path.angles) == 21


def test_noise_is_never_predicted_from_pure_noise(tmp_path: Path) -> None:
    def start(prediction: str) -> float:
        told = {"rescale_betas_zero_snr": True, "prediction_type": prediction}
        return written(tmp_path, DDPMScheduler(**told)).path.level(1.0).alpha

    assert start("v_prediction") == 0.0
    assert start("epsilon") > 0.0


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"prediction_type": "flow"}, "predicts 'flow'"),
        ({"beta_schedule": "mystery"}, "mystery"),
        ({"num_train_timesteps": "many"}, "cannot be used"),
    ],
)
def test_settings_that_are_not_known_are_a_sentence(
    tmp_path: Path, told: dict[str, Any], sentence: str
) -> None:
    (tmp_path / "scheduler_config.json").write_text(json.dumps(told))
    with pytest.raises(ModelError, match=sentence):
        trained(tmp_path)
