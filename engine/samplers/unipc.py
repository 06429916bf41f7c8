"""UniPC: Zhao et al. (arXiv:2302.04867), algorithms 5 to 8 on x0, with B(h) = e^h - 1 ("bh2").

Each call of the model serves twice: it corrects the step that led to it (UniC) and, with the calls
before it, predicts the next one (UniP). Both add to the first-order step a sum over D_m = (x0_m -
x0) / r_m, r_m = (lambda_m - lambda) / h, whose coefficients solve sum_m rho_m r_m^(k-1) = b_k; the
paper's shortcut takes 1/2 where there is but one. Steps from pure noise have no finite h: they are
not remembered, and corrected with 1/2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl
from engine.schedules import Denoise, Level, Noise, Sampler
from engine.transitions import drift, stride

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class _Call:
    """One call of the model."""

    level: Level
    x: Tensor
    x0: Tensor


def unipc(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Noise,  # noqa: ARG001 - the contract's; this sampler draws none
    *,
    order: int = 2,
) -> Iterator[Tensor]:
    """Yield x0 once per step; order + 1 with its corrector, one call of the model a step."""
    known: list[_Call] = []  # the newest first
    used = 1
    for index, (here, there) in enumerate(pairwise(levels)):
        x0 = denoise(x, here)
        yield x0
        if known:
            x = _moved(known[:used], here, x0)
        known = [_Call(here, x, x0), *(call for call in known if call.level.alpha > 0.0)][:order]
        used = min(len(known), len(levels) - 1 - index)
        x = _moved(known[:used], there, None)


def _moved(calls: Sequence[_Call], there: Level, ahead: Tensor | None) -> Tensor:
    """Return x at a level: predicted, or corrected where the model's guess there is known."""
    newest, older = calls[0], calls[1:]
    x = drift(newest.x, newest.x0, newest.level, there)
    h = stride(newest.level, there)
    rs = [stride(newest.level, call.level) / h for call in older]
    guesses = [call.x0 for call in older]
    if ahead is not None:
        rs, guesses = [*rs, 1.0], [*guesses, ahead]
    reach = -there.alpha * math.expm1(-h)
    for rho, r, guess in zip(_coefficients(rs, h), rs, guesses, strict=True):
        x = x + reach * rho / r * (guess - newest.x0)
    return x


def _coefficients(rs: Sequence[float], h: float) -> list[float]:
    """Return the solution of sum_m rho_m r_m^(k-1) = b_k, k = 1 ... len(rs)."""
    if len(rs) <= 1:
        return [0.5] * len(rs)
    b = _moments(len(rs), h)
    # Row by row the powers are divided differences: Lagrange's basis gives each unknown at once.
    return [
        sum(c * value for c, value in zip(_basis(rs, m), b, strict=True)) for m in range(len(rs))
    ]


def _moments(count: int, h: float) -> list[float]:
    """Return b_k = k! h phi_(k+1)(-h) / (-B), k = 1 ... count."""
    phi, factorial, moments = math.expm1(-h) / -h - 1.0, 1.0, []
    for k in range(1, count + 1):
        moments.append(phi * factorial / math.expm1(-h))
        factorial *= k + 1
        phi = phi / -h - 1.0 / factorial
    return moments


def _basis(rs: Sequence[float], m: int) -> list[float]:
    """Return the coefficients, constant first, of the polynomial 1 at r_m and 0 at the others."""
    polynomial = [1.0]
    for k, r in enumerate(rs):
        if k != m:
            raised = [0.0, *polynomial]
            lowered = [*(r * c for c in polynomial), 0.0]
            polynomial = [(up - low) / (rs[m] - r) for up, low in zip(raised, lowered, strict=True)]
    return polynomial


@hookimpl
def mahlstick_samplers() -> Mapping[str, Sampler]:
    """Register this sampler."""
    return {"unipc": unipc}
