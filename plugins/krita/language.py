"""The painter's language, from the wire's copy in this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.wire.language import noted, speak, tr, trn
else:
    from .wire.language import noted, speak, tr, trn

__all__ = ["noted", "speak", "tr", "trn"]
