"""The hooks by which the engine is extended; built-ins use the same and nothing else.

Every hook is named `mahlstick_*`. The registration hooks (samplers, schedules, families) fire once,
on the thread that makes the Engine, before the first job. The others fire on the thread that
paints. A hook that raises while registering stops the engine with the plugin's name; a check that
raises anything blocks the job, since a filter that fails must not let pictures through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import PaintRequest, Pixels
    from engine.families import Family
    from engine.schedules import Sampler, Schedule

hookspec = pluggy.HookspecMarker("mahlstick")
hookimpl = pluggy.HookimplMarker("mahlstick")


@hookspec
def mahlstick_samplers() -> Mapping[str, Sampler]:  # type: ignore[empty-body]
    """Register samplers: {name: generator function}. Names are lower case with underscores."""


@hookspec
def mahlstick_schedules() -> Mapping[str, Schedule]:  # type: ignore[empty-body]
    """Register schedules: {name: function}, giving the steps + 1 levels of a path, CLEAN last."""


@hookspec
def mahlstick_families() -> Sequence[Family]:  # type: ignore[empty-body]
    """Register model families; the first that recognises a folder loads it."""


@hookspec
def mahlstick_rewrite_prompt(prompt: str) -> str | None:
    """Return another prompt to paint, or None to leave it as it is.

    Fires once a job; every plugin sees what the one before it made. Raising anything fails the job
    with a PluginError that names the plugin.
    """


@hookspec
def mahlstick_check_request(request: PaintRequest) -> None:
    """Look at a request, its prompt rewritten, before anything is loaded.

    Raise RefusedError to refuse it. Anything else that is raised refuses the job as well, under the
    category `filter_failed`.
    """


@hookspec
def mahlstick_check_result(picture: Pixels, request: PaintRequest) -> None:
    """Look at one finished candidate, RGB uint8 at working size, before anybody sees it.

    Fires once a candidate. Raise RefusedError to refuse it. Anything else that is raised refuses
    the job, under the category `filter_failed`.
    """


@hookspec
def mahlstick_step(candidates: tuple[int, ...], step: int, steps: int, x0: Tensor) -> None:
    """Observe one batch after one step (1-based); `x0` is a copy, (candidates, C, h, w).

    Raising anything fails the job with a PluginError that names the plugin.
    """
