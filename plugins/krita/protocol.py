"""The wire, from the copy of `bridge/wire` that travels in this folder as `wire`.

`plugins/build.py` puts the copy there. Type checkers read the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.wire.controller import Offline, Online, Told, Updated, new_id
    from bridge.wire.errors import GONE
    from bridge.wire.geometry import grown, intersection, is_empty, moved, union, with_alpha
    from bridge.wire.messages import (
        Extension,
        JobEvent,
        MaskOptions,
        ModeName,
        Painted,
        Picture,
        PresetInfo,
        Preview,
        Rect,
        Submit,
        Welcome,
    )
    from bridge.wire.more_models import sentences as more_models
    from bridge.wire.pace import Pace, spoken
    from bridge.wire.painting import Painting
    from bridge.wire.session import Change, Session
else:
    from .wire.controller import Offline, Online, Told, Updated, new_id
    from .wire.errors import GONE
    from .wire.geometry import grown, intersection, is_empty, moved, union, with_alpha
    from .wire.messages import (
        Extension,
        JobEvent,
        MaskOptions,
        ModeName,
        Painted,
        Picture,
        PresetInfo,
        Preview,
        Rect,
        Submit,
        Welcome,
    )
    from .wire.more_models import sentences as more_models
    from .wire.pace import Pace, spoken
    from .wire.painting import Painting
    from .wire.session import Change, Session

__all__ = [
    "GONE",
    "Change",
    "Extension",
    "JobEvent",
    "MaskOptions",
    "ModeName",
    "Offline",
    "Online",
    "Pace",
    "Painted",
    "Painting",
    "Picture",
    "PresetInfo",
    "Preview",
    "Rect",
    "Session",
    "Submit",
    "Told",
    "Updated",
    "Welcome",
    "grown",
    "intersection",
    "is_empty",
    "more_models",
    "moved",
    "new_id",
    "spoken",
    "union",
    "with_alpha",
]
