"""Noise of one seed a candidate, the same on every device.

Generators live on the CPU and draw in float32: a seed gives the same noise whatever device and
precision the picture is painted with, and whichever other candidates share its batch.
"""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.api import MAX_SEED
from engine.brownian import BrownianTree, clock, place_of
from engine.schedules.level import Level

_SEEDS = MAX_SEED + 1


def drawn_seed() -> int:
    """Return a fresh seed in 0..2**32 - 1, short enough to be read out and typed."""
    return secrets.randbelow(2**32)


def candidate_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Return the seeds of candidates 0..count-1: seed + k, wrapping at the largest seed.

    So a candidate liked best can be painted again alone by giving its own seed.
    """
    return tuple((seed + k) % _SEEDS for k in range(count))


class CandidateNoise:
    """Unit noise (candidates, C, h, w); every call draws on, each candidate from its own generator.

    `stream` tells apart the passes of one job: two passes never see the same noise.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        shape: tuple[int, int, int],
        device: str,
        stream: int = 0,
    ) -> None:
        self._shape, self._device = shape, device
        self._seeds, self._stream = tuple(seeds), stream
        self._trees: tuple[BrownianTree, ...] = ()
        self._generators = [
            torch.Generator("cpu").manual_seed(_spread(seed, stream)) for seed in seeds
        ]

    def __call__(self) -> Tensor:
        """Return the next noise, one slice a candidate."""
        each = [torch.randn(self._shape, generator=generator) for generator in self._generators]
        return torch.stack(each).to(self._device)

    def between(self, here: Level, there: Level) -> Tensor:
        """Return the unit noise of a step: the increment of each candidate's Brownian motion.

        However a painting is cut into steps, the motion is the same. Levels too close to be told
        apart get fresh noise, of which next to nothing is used.
        """
        start, end = place_of(here), place_of(there)
        if start == end:
            return self()
        if not self._trees:
            self._trees = tuple(
                BrownianTree(seed, self._stream, self._shape) for seed in self._seeds
            )
        scale = math.copysign(1.0 / math.sqrt(abs(clock(end) - clock(start))), end - start)
        # The start was the last step's end, and is still known: ask for it first.
        each = [(-tree.at(start)).add_(tree.at(end)).mul_(scale) for tree in self._trees]
        return torch.stack(each).to(self._device)


def _spread(seed: int, stream: int) -> int:
    """Return what a generator is seeded with.

    torch's CPU generator looks at the low 32 bits only, so seeds 2**32 apart, and streams told
    apart by higher bits, would draw the same noise: the digest brings every bit down there.
    """
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
