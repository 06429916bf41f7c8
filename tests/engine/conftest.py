"""The tiny family's engine and pictures to paint on, for every test of the engine."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from engine import Engine, Pixels

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture(scope="session")
def tiny_hook() -> str:
    return str(TINY)


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("tiny_family", TINY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def engine(tiny_folder: Path, tiny_hook: str) -> Engine:
    return Engine(models=[tiny_folder], hooks=[tiny_hook], device="cpu")


@pytest.fixture
def photo() -> Pixels:
    """A gradient with grain and full alpha, 150x110."""
    grain = np.random.default_rng(7).integers(0, 30, (110, 150, 3))
    across = np.linspace(0, 200, 150)[None, :, None] * np.array([1.0, 0.6, 0.3])
    picture = np.full((110, 150, 4), 255, np.uint8)
    picture[..., :3] = across + grain
    return picture


@pytest.fixture
def selection(photo: Pixels) -> Pixels:
    """A rectangle of 40x30 with a soft border on its left."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[30:60, 50:90] = 255
    mask[30:60, 46:50] = (50, 100, 150, 200)
    return mask
