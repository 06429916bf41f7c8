"""The recipe: one file that says what is trained, on how much, for how long."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from engine.embedded.train.loop import Pace
from engine.embedded.train.pictures import PictureSet

BASE = 128  # the side, in pixels, of most pictures are drawn in; half the size that is painted


@dataclass(frozen=True)
class Recipe:
    """What `recipe.toml` says, and where the work lies on disk."""

    seed: int
    runs: Path
    told: Mapping[str, Any]
    half: bool = False  # bf16 where the arithmetic allows it

    @cached_property
    def device(self) -> torch.device:
        """Where the networks learn: the GPU where torch sees one."""
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")

    @property
    def workers(self) -> int:
        """How many processes prepare lessons for the decoder; none beside a CPU that learns."""
        return max(1, (os.cpu_count() or 4) - 2) if self.device.type == "cuda" else 0

    def lowered(self) -> torch.autocast:
        """Return the context in which forward passes run: bf16, where that was asked for."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.half)

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
    def reader(self) -> Mapping[str, Any]:
        """The shape of the decoder's own word tower."""
        return self.told["reader"]

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
