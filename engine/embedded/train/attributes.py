"""What a scene shows, as numbers: the auxiliary lessons by which CLIP learns what words mean.

Contrast alone needs huge batches before "red on blue" and "blue on red" part; naming what is
there, how many of it, in which colour and where, from either embedding, teaches the same in
minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.world import scenes
from engine.embedded.world.nouns import NOUNS
from engine.embedded.world.palette import COLOURS
from engine.embedded.world.scenes import Scene

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "kind": scenes.KINDS,
    "layout": scenes.LAYOUTS,
    "manner": scenes.MANNERS,
    "ground": ("none", *COLOURS),
    "time": ("none", *scenes.TIMES),
    "weather": ("none", *scenes.WEATHERS),
    "clouds": scenes.CLOUDS,
    "stars": ("none", "stars"),
    "far": scenes.FARS,
    "near": scenes.NEARS,
}
ALL_NOUNS = tuple(NOUNS)
HUES = ("absent", "none", *COLOURS)  # "none" is there, in its natural colours
MOST = 5  # as many as are counted
_PLACES = 4.0  # how much places weigh: their errors are far smaller than a class's


def named(scene: Scene) -> dict[str, str]:
    """Return a scene's attributes by name."""
    told = {name: str(getattr(scene, name)) for name in ATTRIBUTES if name != "stars"}
    return {**told, "stars": "stars" if scene.stars else "none"}


def labels(batch: Sequence[Scene]) -> dict[str, Tensor]:
    """Return class numbers (N,) for every attribute, and for every noun its hue, count and place.

    "hue" and "count" are (N, nouns) classes, "place" (N, nouns, 2) means of centres in 0..1.
    """
    rows = [named(scene) for scene in batch]
    told = {
        name: torch.tensor([classes.index(row[name]) for row in rows])
        for name, classes in ATTRIBUTES.items()
    }
    hue = np.zeros((len(batch), len(ALL_NOUNS)), np.int64)
    count = np.zeros_like(hue)
    place = np.zeros((*hue.shape, 2), np.float32)
    for row, scene in enumerate(batch):
        for thing in scene.things:
            noun = ALL_NOUNS.index(thing.noun)
            hue[row, noun] = HUES.index(thing.colour)
            place[row, noun] += (thing.centre[0] / scene.aspect, thing.centre[1])
            count[row, noun] += 1
    place /= np.maximum(count, 1)[..., None]
    return {
        **told,
        "hue": torch.from_numpy(hue),
        "count": torch.from_numpy(count.clip(max=MOST)),
        "place": torch.from_numpy(place),
    }


class Naming(nn.Module):
    """Linear heads that name what there is from an embedding; one set for both towers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleDict({k: nn.Linear(width, len(v)) for k, v in ATTRIBUTES.items()})
        nouns = len(ALL_NOUNS)
        self.heads["hue"] = nn.Linear(width, nouns * len(HUES))
        self.heads["count"] = nn.Linear(width, nouns * (MOST + 1))
        self.heads["place"] = nn.Linear(width, nouns * 2)

    def forward(self, embedding: Tensor) -> dict[str, Tensor]:
        """Unit embeddings (N, width) to logits (N, classes); by noun, (N, nouns, classes)."""
        scaled = embedding * embedding.shape[-1] ** 0.5
        told = {name: head(scaled) for name, head in self.heads.items()}
        by_noun = {
            n: told[n].unflatten(-1, (len(ALL_NOUNS), -1)) for n in ("hue", "count", "place")
        }
        return {**told, **by_noun}

    def loss(self, embedding: Tensor, truth: Mapping[str, Tensor]) -> Tensor:
        """Return the mean cross-entropy over the attributes, and the errors about the nouns."""
        told = self(embedding)
        losses = [functional.cross_entropy(told[name], truth[name]) for name in ATTRIBUTES]
        there = (truth["count"] > 0).float()
        amount = there.sum().clamp(min=1)
        for name in ("hue", "count"):  # by things that are there, not by the many that are not
            errors = functional.cross_entropy(
                told[name].movedim(-1, 1), truth[name], reduction="sum"
            )
            losses.append(errors / amount)
        off = (told["place"] - truth["place"]).square().sum(-1)
        losses.append(_PLACES * (off * there).sum() / amount)
        return torch.stack(losses).mean()

    @torch.no_grad()
    def accuracy(self, embedding: Tensor, truth: Mapping[str, Tensor]) -> dict[str, float]:
        """Return the share of right names by attribute; of hues and counts, of what is there."""
        told = self(embedding)
        there = truth["count"] > 0
        right = {n: told[n].argmax(-1) == truth[n] for n in (*ATTRIBUTES, "hue", "count")}
        return {
            name: float((hits[there] if name in ("hue", "count") else hits).float().mean())
            for name, hits in right.items()
        }
