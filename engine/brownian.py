"""A Brownian motion that can be asked at any level, in any order, and is the same each time.

A stochastic sampler's noise is the increments of one motion, in the clock u = (alpha/sigma)^2 of
the reverse SDE. Drawn step by step it would be another one for another number of steps; here more
steps refine the same picture. It is a tree (the virtual Brownian tree of Li et al. 2020,
arXiv:2001.01328): the value halfway between two known ones is drawn from the bridge between them,
by a generator that belongs to that place alone.
"""

from __future__ import annotations

import hashlib
import math

import torch
from torch import Tensor

from engine.schedules.level import Level

PLACES = 2**12  # levels that are told apart, evenly spaced in the angle of alpha over sigma
FINEST = 1e-3  # sigma/alpha at the last of them: below, no noise can be seen
_TOP_ANGLE = math.atan2(1.0, FINEST)


class BrownianTree:
    """The motion of one candidate, float32 on the CPU; keeps only the values on its last path."""

    def __init__(self, seed: int, stream: int, shape: tuple[int, ...]) -> None:
        self._name, self._shape = f"{seed}/{stream}", shape
        top = math.sqrt(clock(PLACES)) * self._drawn(PLACES)
        self._known = {0: torch.zeros(shape), PLACES: top}

    def at(self, place: int) -> Tensor:
        """Return the motion's value at a place, 0 (pure noise) to PLACES."""
        low, high = 0, PLACES
        path = {end: self._known[end] for end in (low, high)}
        while place not in path:
            middle = (low + high) // 2
            path[middle] = self._value(low, middle, high, path)
            low, high = (low, middle) if place < middle else (middle, high)
        self._known = path
        return path[place]

    def _value(self, low: int, middle: int, high: int, path: dict[int, Tensor]) -> Tensor:
        if middle in self._known:
            return self._known[middle]
        start, now, end = clock(low), clock(middle), clock(high)
        share = (now - start) / (end - start)
        spread = math.sqrt(share * (end - now))
        value = self._drawn(middle).mul_(spread)  # in place: latents of large models are large
        return value.add_(path[low], alpha=1.0 - share).add_(path[high], alpha=share)

    def _drawn(self, place: int) -> Tensor:
        digest = hashlib.blake2b(f"{self._name}/{place}".encode(), digest_size=8).digest()
        seed = int.from_bytes(digest, "little") >> 1
        return torch.randn(self._shape, generator=torch.Generator("cpu").manual_seed(seed))


def place_of(level: Level) -> int:
    """Return the place of a level: 0 for pure noise, PLACES for what is all but clean."""
    angle = math.atan2(level.alpha, level.sigma)
    return round(PLACES * min(1.0, angle / _TOP_ANGLE))


def clock(place: int) -> float:
    """Return (alpha/sigma)^2 at a place."""
    return math.tan(_TOP_ANGLE * place / PLACES) ** 2
