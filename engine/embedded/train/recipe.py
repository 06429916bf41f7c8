"""The recipe: one file that says what is trained, on how much, for how long."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.embedded.train.loop import Pace
from engine.embedded.train.pictures import PictureSet

BASE = 128  # the side, in pixels, of most pictures are drawn in; half the size that is painted


@dataclass(frozen=True, slots=True)
class Recipe:
    """What `recipe.toml` says, and where the work lies on disk."""

    seed: int
    runs: Path
    told: Mapping[str, Any]
    half: bool = False  # bf16 where the arithmetic allows it

    @classmethod
    def read(cls, path: Path, runs: Path, *, half: bool = False) -> Recipe:
        """Return the recipe of a file."""
        told = tomllib.loads(path.read_text("utf-8"))
        return cls(int(told["seed"]), runs, told, half)

    def pace(self, stage: str) -> Pace:
        """Return how long and how fast a stage learns."""
        return Pace(**self.told["pace"][stage])

    @property
    def painter(self) -> Mapping[str, Any]:
        """The shape of the patch autoencoder."""
        return self.told["painter"]

    @property
    def clip(self) -> Mapping[str, Any]:
        """The shape of CLIP's towers."""
        return self.told["clip"]

    @property
    def decoder(self) -> Mapping[str, Any]:
        """The shape of the decoder."""
        return self.told["decoder"]

    @property
    def prior(self) -> Mapping[str, Any]:
        """The shape of the prior."""
        return self.told["prior"]

    def _pictures(self, name: str, first: int, height: int, aspect: float = 1.0) -> PictureSet:
        count = int(self.told["pictures"][name])
        return PictureSet(self.runs / "pictures", name, first, count, height, aspect)

    def base_pictures(self) -> PictureSet:
        """Return the square pictures that most learning is done on."""
        return self._pictures("square", 0, BASE)

    def wide_pictures(self) -> PictureSet:
        """Return landscapes half as wide again as they are high."""
        return self._pictures("wide", 10_000_000, BASE, 1.5)

    def sharp_pictures(self) -> PictureSet:
        """Return pictures at twice the base size, for the way back to pixels."""
        return self._pictures("sharp", 20_000_000, 2 * BASE)
