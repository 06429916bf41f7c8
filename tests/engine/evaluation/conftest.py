"""A tiny trained model in a folder: its pictures are bad, but every row can be run on it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.embedded.train.export import export
from engine.embedded.train.stages import STAGES
from tests.engine.embedded.conftest import tiny_recipe


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a model called "small" that was trained for four steps."""
    recipe = tiny_recipe(tmp_path_factory.mktemp("runs"))
    for name in ("painter", "clip", "latents", "embeddings", "decoder", "prior"):
        STAGES[name](recipe)
    folder = tmp_path_factory.mktemp("models") / "small"
    export(recipe, folder)
    mark = folder / "unclip.json"
    told = json.loads(mark.read_text("utf-8"))
    mark.write_text(json.dumps({**told, "name": "small", "steps": 2}), "utf-8")
    return folder
