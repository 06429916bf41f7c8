"""The painter's language, from the wire's copy in this folder; GIMP's own choice is known to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.wire.language import noted, tr, trn
else:
    from .wire.language import noted, tr, trn

__all__ = ["noted", "tr", "trn"]
