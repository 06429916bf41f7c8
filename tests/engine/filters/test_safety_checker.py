"""The safety checker of Stable Diffusion, on a tiny random checkpoint of its own class."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import Action, ModelError, Pixels, PluginError
from engine.filters.safety_checker import SafetyChecker, mahlstick_plugins, score
from engine.policies import CLASSROOM, STUDIO


def test_its_yes_and_no_are_those_of_the_class_itself(
    safety_checker_folder: Path, noisy: Callable[[int], Pixels]
) -> None:
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from PIL import Image
    from transformers import CLIPImageProcessorPil

    theirs = StableDiffusionSafetyChecker.from_pretrained(safety_checker_folder).eval()
    processor = CLIPImageProcessorPil.from_pretrained(safety_checker_folder)
    ours = SafetyChecker(STUDIO, safety_checker_folder)
    answers = []
    for seed in range(12):
        given = processor(images=Image.fromarray(noisy(seed)), return_tensors="pt").pixel_values
        _, (flagged,) = theirs(clip_input=given, images=torch.zeros(1, 3, 4, 4))
        margin = ours.margin(noisy(seed))
        if abs(margin) > 0.0011:  # they round to three places
            answers.append(bool(flagged))
            assert (margin > 0) == flagged, seed
    assert len(set(answers)) == 2  # both kinds came up


def test_a_score_of_a_half_is_where_it_begins_to_say_yes() -> None:
    assert score(0.0) == 0.5
    assert score(-0.1) < 0.02
    assert score(0.1) > 0.98


def test_the_policy_says_what_becomes_of_a_score(
    safety_checker_folder: Path, noisy: Callable[[int], Pixels]
) -> None:
    checker = SafetyChecker(CLASSROOM, safety_checker_folder)
    by_margin = sorted(range(12), key=lambda seed: checker.margin(noisy(seed)))
    worst, best = noisy(by_margin[-1]), noisy(by_margin[0])
    (verdict,) = checker.mahlstick_check_result(worst, None)
    assert verdict.category == "sexual"
    assert verdict.action in (Action.BLUR, Action.REFUSE)
    assert "nudity" in verdict.sentence
    assert all(one.action is Action.ALLOW for one in checker.mahlstick_check_result(best, None))
    labels = SafetyChecker(STUDIO, safety_checker_folder).mahlstick_check_result(worst, None)
    assert [(one.action, one.sentence) for one in labels] == [(Action.ALLOW, "")]


def test_a_broken_checkpoint_is_an_error_with_a_way_out(
    safety_checker_folder: Path, tmp_path: Path, noisy: Callable[[int], Pixels]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(safety_checker_folder, folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match=r"options\.filters\.safety_checker"):
        SafetyChecker(STUDIO, folder).margin(noisy(0))
    with pytest.raises(ModelError):
        SafetyChecker(STUDIO, tmp_path / "nowhere").margin(noisy(0))


def test_it_is_there_when_its_folder_is_named_and_the_policy_cares() -> None:
    named = {"safety_checker": {"path": "x"}}
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"filters": named})) == 1
    assert mahlstick_plugins({"filters": {"policy": "off", **named}}) == []
    with pytest.raises(PluginError, match="names no path"):
        mahlstick_plugins({"filters": {"safety_checker": {}}})
