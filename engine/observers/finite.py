"""Watches for numbers that are none: half precision overflows on some models, and paints black."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Tensor


@hookimpl
def mahlstick_step(x0: Tensor) -> str | None:
    """Tell the painter when a picture has gone beyond what numbers can hold."""
    if bool(x0.isfinite().all()):
        return None
    return (
        "The model's numbers went beyond what this precision can hold, so that pictures may be "
        "black or full of specks: choose another precision, or less guidance."
    )
