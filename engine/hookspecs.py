"""The hooks by which the engine is extended; built-ins use the same and nothing else.

Every hook is named `mahlstick_*`. All registration hooks fire once, on the thread that makes the Engine,
before the first job. A hook that raises while registering stops the engine with the plugin's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from engine.families import Family
    from engine.schedules import Sampler

hookspec = pluggy.HookspecMarker("mahlstick")
hookimpl = pluggy.HookimplMarker("mahlstick")


@hookspec
def mahlstick_samplers() -> Mapping[str, Sampler]:  # type: ignore[empty-body]
    """Register samplers: {name: generator function}. Names are lower case with underscores."""


@hookspec
def mahlstick_families() -> Sequence[Family]:  # type: ignore[empty-body]
    """Register model families; the first that recognises a folder loads it."""
