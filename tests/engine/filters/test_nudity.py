"""A picture classifier for nudity, on a tiny random ViT."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine import Action, ModelError, Pixels, PluginError
from engine.filters.nudity import LABELS, NudityDetector, mahlstick_plugins
from engine.policies import CLASSROOM, STUDIO


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

    path = tmp_path_factory.mktemp("vit")
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        id2label={0: "normal", 1: "NSFW", 2: "gore"},
        label2id={"normal": 0, "NSFW": 1, "gore": 2},
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(1)
        network = ViTForImageClassification(config)
        network.classifier.bias.data.copy_(torch.tensor([0.0, 4.0, 1.0]))
        network.save_pretrained(path)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(path)
    return path


def test_labels_become_categories_with_their_probabilities(
    folder: Path, noisy: Callable[[int], Pixels]
) -> None:
    sights = NudityDetector(STUDIO, folder, LABELS).sights(noisy(0), None)
    scores = {one.category: one.score for one in sights}
    assert set(scores) == {"sexual", "violence"}
    assert scores["sexual"] > 0.8 > 0.2 > scores["violence"]


def test_the_policy_says_what_becomes_of_it(folder: Path, noisy: Callable[[int], Pixels]) -> None:
    said = NudityDetector(CLASSROOM, folder, LABELS).mahlstick_check_result(noisy(0), None)
    assert said[0].category == "sexual"
    assert said[0].action in (Action.BLUR, Action.REFUSE)


def test_labels_may_be_given_a_meaning(folder: Path, noisy: Callable[[int], Pixels]) -> None:
    (only,) = NudityDetector(STUDIO, folder, {"gore": "hate"}).sights(noisy(0), None)
    assert only.category == "hate"
    with pytest.raises(PluginError, match="no label that is one of drawing"):
        NudityDetector(STUDIO, folder, {"drawing": "sexual"}).sights(noisy(0), None)


def test_a_folder_without_a_classifier_is_an_error(
    tmp_path: Path, noisy: Callable[[int], Pixels]
) -> None:
    with pytest.raises(ModelError, match="safetensors"):
        NudityDetector(STUDIO, tmp_path, LABELS).sights(noisy(0), None)


def test_its_settings_are_checked() -> None:
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"filters": {"nudity": {"path": "x"}}})) == 1
    for wrong in ({}, {"path": "x", "labels": {"a": "fun"}}):
        with pytest.raises(PluginError, match="needs a path"):
            mahlstick_plugins({"filters": {"nudity": wrong}})
