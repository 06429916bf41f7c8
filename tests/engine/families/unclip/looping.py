"""Our loop as the engine drives it, on levels and noise that a test chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.api import Size
from engine.families import Conditions, Family, ModelCard
from engine.families.unclip import mahlstick_families
from engine.samplers.ddim import ddim
from engine.samplers.ddpm import ddpm
from engine.schedules import CLEAN, Denoise, Level

WORKING = Size(32, 32)
PROMPT, REFUSED = "red cat", "blue"


def family_of(path: Path) -> tuple[Family, ModelCard]:
    for family in mahlstick_families():
        card = family.recognise(path)
        if card is not None:
            return family, card
    raise AssertionError(f"{path} was not recognised")


def loaded(path: Path, precision: str = "fp32") -> Any:
    family, card = family_of(path)
    return family.load(card, "cpu", precision)


def asked(**more: Any) -> Conditions:
    told = {"prompt": PROMPT, "guidance": 4.0, "working": WORKING, "seeds": (5, 6), **more}
    return Conditions(**told)


def levels_at(model: Any, steps: Sequence[int]) -> list[Level]:
    """Return the levels of training steps, as a scheduler lists them, and the clean one."""
    count = len(model.path.angles) - 1
    return [*(model.path.level((int(step) + 1) / count) for step in steps), CLEAN]


def walked(
    denoise: Denoise,
    x: Tensor,
    levels: Sequence[Level],
    noise: Callable[[], Tensor] | None = None,
) -> Tensor:
    """Return where DDIM ends, or with noise DDPM."""
    steps: Any = ddim if noise is None else ddpm
    with torch.inference_mode():
        *_, last = steps(denoise, x, levels, noise or (lambda: x))
    return last


def noise_of(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def picture(seed: int = 0, side: int = 32) -> Tensor:
    """Return a smooth picture (1, 3, side, side) in [-1, 1]."""
    small = torch.rand((1, 3, 4, 4), generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return torch.nn.functional.interpolate(small, (side, side), mode="bicubic").clamp(-1, 1)


def apart(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    assert bool(ours.isfinite().all())
    return float((ours.float() - theirs.float()).abs().max())
