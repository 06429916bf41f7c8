"""The wire, from the copy of `bridge/wire` that travels in this folder as `wire`.

`plugins/build.py` puts the copy there. Type checkers read the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.wire.controller import Offline, Online, Renewed, Told, Updated, new_id
    from bridge.wire.geometry import (
        clamp,
        crop,
        grown,
        intersection,
        is_empty,
        moved,
        place,
        selection_box,
    )
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
        Welcome,
    )
    from bridge.wire.more_models import sentences as more_models
    from bridge.wire.pace import Pace, spoken
    from bridge.wire.painting import Painting
    from bridge.wire.session import Change, Session
    from bridge.wire.starting import Progress, Starter
else:
    from .wire.controller import Offline, Online, Renewed, Told, Updated, new_id
    from .wire.geometry import (
        clamp,
        crop,
        grown,
        intersection,
        is_empty,
        moved,
        place,
        selection_box,
    )
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
        Welcome,
    )
    from .wire.more_models import sentences as more_models
    from .wire.pace import Pace, spoken
    from .wire.painting import Painting
    from .wire.session import Change, Session
    from .wire.starting import Progress, Starter

__all__ = [
    "Change",
    "Extension",
    "MaskOptions",
    "ModeName",
    "Offline",
    "Online",
    "Pace",
    "Painted",
    "Painting",
    "Picture",
    "Preview",
    "Progress",
    "Rect",
    "Renewed",
    "Session",
    "Started",
    "Starter",
    "Submit",
    "Told",
    "Updated",
    "Welcome",
    "clamp",
    "crop",
    "grown",
    "intersection",
    "is_empty",
    "more_models",
    "moved",
    "new_id",
    "place",
    "selection_box",
    "spoken",
]
