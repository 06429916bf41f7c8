"""The wire, from the copy of `bridge/wire` that travels in this folder as `wire`.

`plugins/build.py` puts the copy there. Type checkers read the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.wire.controller import Offline, Online, Updated, new_id
    from bridge.wire.geometry import grown, intersection, moved
    from bridge.wire.messages import (
        Extension,
        MaskOptions,
        ModeName,
        Painted,
        Picture,
        Preview,
        Rect,
        Started,
        Submit,
    )
    from bridge.wire.painting import Painting
    from bridge.wire.session import Change, Session
else:
    from .wire.controller import Offline, Online, Updated, new_id
    from .wire.geometry import grown, intersection, moved
    from .wire.messages import (
        Extension,
        MaskOptions,
        ModeName,
        Painted,
        Picture,
        Preview,
        Rect,
        Started,
        Submit,
    )
    from .wire.painting import Painting
    from .wire.session import Change, Session

__all__ = [
    "Change",
    "Extension",
    "MaskOptions",
    "ModeName",
    "Offline",
    "Online",
    "Painted",
    "Painting",
    "Picture",
    "Preview",
    "Rect",
    "Session",
    "Started",
    "Submit",
    "Updated",
    "grown",
    "intersection",
    "moved",
    "new_id",
]
