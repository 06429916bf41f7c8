"""The stages of training, in order, and the last one: writing the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.embedded.train.clip import ClipStage
from engine.embedded.train.decoder import DecoderStage
from engine.embedded.train.export import export
from engine.embedded.train.latents import caches, embeddings
from engine.embedded.train.painter import PainterStage
from engine.embedded.train.prior import PriorStage
from engine.embedded.train.probe import probe
from engine.embedded.train.recipe import Recipe
from engine.embedded.train.sheets import sheets

STAGES: Mapping[str, Callable[[Recipe], object]] = {
    "clip": lambda recipe: ClipStage(recipe).run(),
    "latents": caches,
    "embeddings": embeddings,
    "decoder": lambda recipe: DecoderStage(recipe).run(),
    "prior": lambda recipe: PriorStage(recipe).run(),
    "painter": lambda recipe: PainterStage(recipe).run(),
    "probe": probe,
    "export": export,
    "sheets": sheets,
}

SHARED = frozenset({"decoder"})  # stages that several processes can train together
