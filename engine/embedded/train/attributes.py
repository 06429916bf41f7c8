"""What a scene shows, as class numbers: the auxiliary lessons by which CLIP learns what words mean.

Contrast alone needs huge batches before "red on blue" and "blue on red" part; naming each
attribute from either embedding teaches the same in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.world import scenes
from engine.embedded.world.nouns import NOUNS
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.scenes import Scene

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "noun": ("none", *NOUNS),
    "colour": ("none", *COLOURS),
    "ground": ("none", *COLOURS),
    "layout": scenes.LAYOUTS,
    "relation": scenes.RELATIONS,
    "body": scenes.BODIES,
    "time": ("none", *scenes.TIMES),
    "weather": ("none", *scenes.WEATHERS),
    "far": scenes.FARS,
    "near": scenes.NEARS,
    "clouds": scenes.CLOUDS,
    "stars": ("none", "stars"),
    "manner": scenes.MANNERS,
    "size": ("none", *scenes.SIZES),
    "across": scenes.PLACES_X,
    "down": scenes.PLACES_Y,
}


def named(scene: Scene) -> dict[str, str]:
    """Return a scene's attributes by name; those of a thing are the main one's."""
    across, down = scene.place
    main = scene.things[0] if scene.things else None
    return {
        "noun": main.noun if main else "none",
        "colour": main.colour if main else "none",
        "ground": scene.ground,
        "layout": scene.layout,
        "relation": scene.relation,
        "body": scene.body,
        "time": scene.time,
        "weather": scene.weather,
        "far": scene.far,
        "near": scene.near,
        "clouds": scene.clouds,
        "stars": "stars" if scene.stars else "none",
        "manner": scene.manner,
        "size": main.size if main else "none",
        "across": across,
        "down": down,
    }


def labels(batch: Sequence[Scene]) -> dict[str, Tensor]:
    """Return class numbers (N,) for every attribute."""
    rows = [named(scene) for scene in batch]
    return {
        name: torch.tensor([classes.index(row[name]) for row in rows])
        for name, classes in ATTRIBUTES.items()
    }


class Naming(nn.Module):
    """Linear heads that name the attributes from an embedding; one set for both towers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({k: nn.Linear(width, len(v)) for k, v in ATTRIBUTES.items()})

    def forward(self, embedding: Tensor) -> dict[str, Tensor]:
        """Unit embeddings (N, width) to logits (N, classes) by attribute."""
        scaled = embedding * embedding.shape[-1] ** 0.5
        return {name: head(scaled) for name, head in self.heads.items()}

    def loss(self, embedding: Tensor, truth: Mapping[str, Tensor]) -> Tensor:
        """Return the mean cross-entropy over the attributes."""
        logits = self(embedding)
        losses = [functional.cross_entropy(logits[name], truth[name]) for name in truth]
        return torch.stack(losses).mean()

    @torch.no_grad()
    def accuracy(self, embedding: Tensor, truth: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the share of right names by attribute."""
        logits = self(embedding)
        return {n: float((logits[n].argmax(-1) == truth[n]).float().mean()) for n in truth}
