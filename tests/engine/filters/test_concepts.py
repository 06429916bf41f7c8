"""Concepts in words, weighed by a checkpoint of one's own or by the painting model's CLIP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import Pixels, PluginError
from engine.embedded.tokenizer import new_tokenizer
from engine.filters.concepts import Concepts, mahlstick_plugins
from engine.policies import STUDIO

COLOURS = {"red": (250, 10, 10), "blue": (10, 10, 250)}


def flat(colour: str) -> Pixels:
    return np.full((48, 64, 3), COLOURS[colour], np.uint8)


class Colourist:
    """A model whose CLIP knows two words."""

    def score(self, pictures: torch.Tensor, prompt: str) -> list[float] | None:
        channel = {"red": 0, "blue": 2}.get(prompt)
        return None if channel is None else [float(pictures[0, channel].mean()) / 10]


def scores(filter_: Concepts, picture: Pixels, model: Any = None) -> Mapping[str, float]:
    return {one.category: one.score for one in filter_.sights(picture, model)}


def weighing(look_for: Mapping[str, tuple[str, ...]], neutral: tuple[str, ...]) -> Concepts:
    return Concepts(STUDIO, None, look_for, neutral)


def test_a_picture_is_like_the_text_that_its_model_finds_nearest() -> None:
    filter_ = weighing({"violence": ("red",)}, ("blue",))
    assert scores(filter_, flat("red"), Colourist())["violence"] > 0.99
    assert scores(filter_, flat("blue"), Colourist())["violence"] < 0.01


def test_texts_alike_on_both_sides_are_a_score_of_a_half() -> None:
    filter_ = weighing({"violence": ("red", "red")}, ("red",))
    assert scores(filter_, flat("blue"), Colourist()) == {"violence": pytest.approx(0.5)}


def test_unknown_texts_are_left_out_and_none_known_is_an_error() -> None:
    filter_ = weighing({"violence": ("gore", "red")}, ("blue",))
    assert scores(filter_, flat("red"), Colourist())["violence"] > 0.99
    with pytest.raises(PluginError, match="understands none of the texts for 'violence'"):
        weighing({"violence": ("gore",)}, ("blue",)).sights(flat("red"), Colourist())


def test_a_picture_that_is_brought_needs_a_clip_of_its_own() -> None:
    assert weighing({"violence": ("red",)}, ("blue",)).sights(flat("red"), None) == []


def test_any_clip_of_transformers_format_will_do(tmp_path: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    tower = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
             "num_attention_heads": 2}  # fmt: skip
    words = {"vocab_size": 8, "max_position_embeddings": 10, "bos_token_id": 1, "eos_token_id": 3,
             "pad_token_id": 0}  # fmt: skip
    config = CLIPConfig(
        text_config={**tower, **words},
        vision_config={**tower, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(3)
        CLIPModel(config).save_pretrained(tmp_path)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(tmp_path)
    new_tokenizer(("red", "blue", "moon", "sea")).save_pretrained(tmp_path)
    one = Concepts(STUDIO, tmp_path, {"violence": ("red",)}, ("moon sea",))
    other = Concepts(STUDIO, tmp_path, {"violence": ("moon sea",)}, ("red",))
    mine, yours = scores(one, flat("red")), scores(other, flat("red"))
    assert mine["violence"] + yours["violence"] == pytest.approx(1.0, abs=1e-4)
    assert mine["violence"] != pytest.approx(0.5, abs=1e-6)
    assert scores(one, flat("red")) == mine  # a second time, from what is remembered
    assert scores(one, flat("blue")) != mine


def test_the_embedded_clip_finds_its_own_words() -> None:
    from engine import Engine
    from engine.families.unclip import UnclipFamily

    card = next(card for card in Engine(device="cpu").catalogue.models if card.name == "embedded")
    model = UnclipFamily().load(card, "cpu", "fp32")
    filter_ = weighing({"violence": ("a red circle",)}, ("a blue circle",))
    pictures = {colour: np.asarray(_circle(colour), np.uint8) for colour in ("red", "blue")}
    red, blue = (scores(filter_, pictures[colour], model)["violence"] for colour in pictures)
    assert red > blue


def _circle(colour: str) -> Pixels:
    y, x = np.mgrid[:256, :256]
    inside = ((x - 128) ** 2 + (y - 128) ** 2 < 70**2)[..., None]
    return np.where(inside, np.array(COLOURS[colour]), 245).astype(np.uint8)


def test_its_settings_are_checked() -> None:
    asked = {"concepts": {"look_for": {"hate": ["a flag"]}, "neutral": ["a tree"]}}
    assert mahlstick_plugins({}) == []
    assert len(mahlstick_plugins({"filters": asked})) == 1
    assert mahlstick_plugins({"filters": {"policy": "off", **asked}}) == []
    with pytest.raises(PluginError, match="accepted are violence"):
        mahlstick_plugins({"filters": {"concepts": {"look_for": {"mice": ["a mouse"]}}}})
    with pytest.raises(PluginError, match="give a list of texts"):
        mahlstick_plugins({"filters": {"concepts": {"neutral": []}}})
