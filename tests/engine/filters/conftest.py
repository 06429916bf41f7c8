"""Tiny random checkpoints of the real classes, and faces that we drew."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import Pixels

TOWER: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def _beside(name: str) -> Any:
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def drawn_face() -> Callable[..., Pixels]:
    """A function of seed, side and tilt that draws an RGB face."""
    return _beside("drawn_faces").drawn_face


@pytest.fixture(scope="session")
def yunet_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ONNX network with YuNet's outputs that takes bright cells for faces."""
    path = tmp_path_factory.mktemp("yunet") / "bright.onnx"
    path.write_bytes(_beside("onnx_file").yunet_like())
    return path


@pytest.fixture(scope="session")
def noisy() -> Callable[[int], Pixels]:
    """A function of a seed, giving RGB (48, 64, 3): coloured blocks that embeddings tell apart."""

    def blocks(seed: int) -> Pixels:
        few = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), np.uint8)
        return few.repeat(16, axis=0).repeat(16, axis=1)

    return blocks


@pytest.fixture(scope="session")
def safety_checker_folder(
    tmp_path_factory: pytest.TempPathFactory, noisy: Callable[[int], Pixels]
) -> Path:
    """A tiny random StableDiffusionSafetyChecker as diffusers saves it."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessorPil

    folder = tmp_path_factory.mktemp("safety_checker")
    config = CLIPConfig(
        text_config={**TOWER, "vocab_size": 8},
        vision_config={**TOWER, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(5)
        checker = StableDiffusionSafetyChecker(config)
        checker.concept_embeds.copy_(torch.randn(17, 12))
        checker.special_care_embeds.copy_(torch.randn(3, 12))
    size = {"height": 32, "width": 32}
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size)
    processor.save_pretrained(folder)
    given = processor(images=[noisy(seed) for seed in range(12)], return_tensors="pt").pixel_values
    with torch.inference_mode():
        seen = checker.visual_projection(checker.vision_model(given).pooler_output)
    for embeds, limits in (
        (checker.concept_embeds, checker.concept_embeds_weights),
        (checker.special_care_embeds, checker.special_care_embeds_weights),
    ):  # thresholds that half of these pictures pass
        nearest = torch.nn.functional.cosine_similarity(seen[:, None], embeds[None], -1)
        limits.data.fill_(float(nearest.max(-1).values.median()))
    checker.eval().save_pretrained(folder)
    return folder
