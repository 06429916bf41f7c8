"""Ranking by any CLIP in transformers' format, by an aesthetic head, and by the model's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from engine import Engine, Finished, Mode, ModelError, Painted, PaintRequest, Pixels, Size
from engine.embedded.tokenizer import new_tokenizer
from engine.rankers.clip import Checkpoint, ClipRanker, mahlstick_plugins, read_head

WIDTH = 12


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random CLIP of the real class, in a folder as published ones are."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    folder = tmp_path_factory.mktemp("clip")
    tower: dict[str, Any] = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    config = CLIPConfig(
        text_config={
            **tower,
            "vocab_size": 8,
            "max_position_embeddings": 10,
            "bos_token_id": 1,
            "eos_token_id": 3,
            "pad_token_id": 0,
        },
        vision_config={**tower, "image_size": 32, "patch_size": 8},
        projection_dim=WIDTH,
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(3)
        CLIPModel(config).save_pretrained(folder)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(folder)
    new_tokenizer(("red", "blue", "moon", "sea")).save_pretrained(folder)
    return folder


def picture(*colour: int) -> Pixels:
    return np.full((48, 64, 3), colour, np.uint8)


def head(folder: Path, width: int = WIDTH, **tensors: torch.Tensor) -> Path:
    usual = {"weight": torch.linspace(-1, 1, width)[None], "bias": torch.tensor([5.0])}
    save_file({**usual, **tensors}, folder / "head.safetensors")
    return folder / "head.safetensors"


def test_a_checkpoints_score_is_the_cosine_of_transformers_own(clip: Path) -> None:
    from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

    image = picture(200, 30, 90)
    theirs = CLIPModel.from_pretrained(clip)
    given = CLIPImageProcessorPil.from_pretrained(clip)(images=image, return_tensors="pt")
    said = AutoTokenizer.from_pretrained(clip)("red moon", return_tensors="pt")
    with torch.inference_mode():
        out = theirs(
            input_ids=said["input_ids"],
            attention_mask=said["attention_mask"],
            pixel_values=given["pixel_values"],
        )
        cosine = out.logits_per_image / theirs.logit_scale.exp()
    ours = ClipRanker(clip, None, 1.0).mahlstick_rank(image, "red moon", None)  # type: ignore[arg-type]
    assert ours == pytest.approx(cosine.item(), abs=1e-5)


def test_a_prompt_longer_than_the_clip_reads_loses_its_tail(clip: Path) -> None:
    checkpoint = Checkpoint.read(clip)
    long = checkpoint.said("red moon sea blue " * 30)
    assert long.shape == (WIDTH,)
    assert long.norm().item() == pytest.approx(1.0)


def test_an_aesthetic_head_adds_its_share(clip: Path, tmp_path: Path) -> None:
    image, prompt = picture(20, 130, 90), "blue sea"
    plain = ClipRanker(clip, None, 1.0).mahlstick_rank(image, prompt, None)  # type: ignore[arg-type]
    pleased = ClipRanker(clip, head(tmp_path), 0.5)
    seen = Checkpoint.read(clip).seen(image)
    liked = float(seen @ torch.linspace(-1, 1, WIDTH) + 5.0)
    assert plain is not None
    scored = pleased.mahlstick_rank(image, prompt, None)  # type: ignore[arg-type]
    assert scored == pytest.approx(plain + 0.5 * liked, abs=1e-5)
    unasked = pleased.mahlstick_rank(image, "", None)  # type: ignore[arg-type]
    assert unasked == pytest.approx(0.5 * liked, abs=1e-5)
    assert ClipRanker(clip, None, 1.0).mahlstick_rank(image, "", None) is None  # type: ignore[arg-type]


def test_a_head_or_a_clip_that_does_not_fit_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="width 7; this CLIP's have 12"):
        read_head(head(tmp_path, 7), WIDTH)
    save_file({"other": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelError, match="cannot be read"):
        read_head(tmp_path / "other.safetensors", WIDTH)
    (tmp_path / "text.safetensors").write_text("no tensors")
    with pytest.raises(ModelError, match="cannot be read"):
        read_head(tmp_path / "text.safetensors", WIDTH)
    with pytest.raises(ModelError, match=r"\[options\.rank\]"):
        Checkpoint.read(tmp_path / "nowhere")


def test_settings_choose_the_clip_and_a_missing_one_is_told_while_the_job_goes_on(
    clip: Path, tmp_path: Path, tiny_folder: Path, tiny_hook: str
) -> None:
    def paint(rank: dict[str, Any]) -> list[Any]:
        engine = Engine([tiny_folder], [tiny_hook], "cpu", options={"rank": rank})
        asked = PaintRequest(
            mode=Mode.GENERATE, prompt="red", model="tiny", seed=1, size=Size(64, 64)
        )
        return list(engine.paint(asked))

    events = paint({"clip": str(clip), "aesthetic": str(head(tmp_path))})
    scores = {e.candidate: e.score for e in events if isinstance(e, Painted)}
    assert all(score is not None and abs(score) < 1.2 for score in scores.values())
    assert list(events[-1].order) == sorted(scores, key=lambda k: -scores[k])
    lost = paint({"clip": str(tmp_path / "nowhere")})
    assert isinstance(lost[-1], Finished)
    assert "nowhere" in lost[-1].notes[0]
    assert "engine.rankers.clip:ClipRanker" in lost[-1].notes[0]
    assert all(e.score is None for e in lost if isinstance(e, Painted))


def test_without_settings_the_models_own_clip_ranks() -> None:
    class Model:
        def score(self, pictures: torch.Tensor, prompt: str) -> list[float]:
            assert prompt == "red"
            assert pictures.shape == (1, 3, 48, 64)
            assert float(pictures.max()) == pytest.approx(1.0)
            return [0.25]

    (ranker,) = mahlstick_plugins({})
    assert isinstance(ranker, ClipRanker)
    assert ranker.mahlstick_rank(picture(255, 0, 0), "red", Model()) == 0.25  # type: ignore[arg-type]
    assert ranker.mahlstick_rank(picture(255, 0, 0), "", Model()) is None  # type: ignore[arg-type]
