"""A text classifier of transformers', on a tiny random checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import Action, ModelError, PluginError
from engine.embedded.tokenizer import new_tokenizer
from engine.filters.classifier import TextClassifier, mahlstick_plugins
from engine.policies import CLASSROOM, OFF, STUDIO

LABELS = {"toxic": "hate"}


def checkpoint(folder: Path, toxic: float, problem: str | None = None) -> Path:
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=16,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=24,
        id2label={0: "fine", 1: "Toxic"},
        label2id={"fine": 0, "Toxic": 1},
        problem_type=problem,
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(2)
        network = BertForSequenceClassification(config)
        network.classifier.weight.data.zero_()
        network.classifier.bias.data.copy_(torch.tensor([0.0, toxic]))
        network.save_pretrained(folder)
    new_tokenizer(("red", "blue", "moon", "sea")).save_pretrained(folder)
    return folder


def test_a_label_becomes_a_category_with_its_probability(tmp_path: Path) -> None:
    classifier = TextClassifier(STUDIO, checkpoint(tmp_path, 2.0), LABELS)
    assert classifier.scores("red moon")["Toxic"] == pytest.approx(0.881, abs=0.001)
    (verdict,) = classifier.mahlstick_check_prompt("red moon")
    assert (verdict.action, verdict.category) == (Action.ALLOW, "hate")
    assert "by a classifier, 88% sure" in verdict.sentence


def test_the_policy_decides(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 0.4)  # 0.6 sure
    assert TextClassifier(STUDIO, folder, LABELS).mahlstick_check_prompt("red") == []
    assert TextClassifier(OFF, folder, LABELS).mahlstick_check_prompt("red") == []
    (verdict,) = TextClassifier(CLASSROOM, folder, LABELS).mahlstick_check_prompt("red")
    assert verdict.action is Action.REFUSE


def test_several_labels_at_once_are_read_one_by_one(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, 2.0, "multi_label_classification")
    scores = TextClassifier(STUDIO, folder, LABELS).scores("red")
    assert scores == {"fine": pytest.approx(0.5), "Toxic": pytest.approx(0.881, abs=0.001)}


def test_long_and_empty_prompts_are_read(tmp_path: Path) -> None:
    classifier = TextClassifier(CLASSROOM, checkpoint(tmp_path, 2.0), LABELS)
    assert len(classifier.mahlstick_check_prompt("red moon " * 50)) == 1
    assert classifier.mahlstick_check_prompt("  ") == []


def test_labels_that_it_does_not_have_and_missing_folders_are_errors(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path / "bert", 0.0)
    with pytest.raises(PluginError, match="has the labels fine, toxic"):
        TextClassifier(STUDIO, folder, {"rude": "hate"}).scores("red")
    with pytest.raises(ModelError, match="safetensors"):
        TextClassifier(STUDIO, tmp_path / "nowhere", LABELS).scores("red")


def test_its_settings_are_checked() -> None:
    named = {"path": "x", "labels": LABELS}
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"filters": {"classifier": named}})) == 1
    for wrong in ({"path": "x"}, {"labels": LABELS}, {**named, "labels": {"a": "fun"}}):
        with pytest.raises(PluginError, match="needs a path"):
            mahlstick_plugins({"filters": {"classifier": wrong}})
