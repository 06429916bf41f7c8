"""How a plugin's hook is called while a job is painted: watched, timed, its faults given its name.

Nothing a plugin raises gets past here but as a PluginError that names it: not a RefusedError
either, for an observer has no business refusing, and a filter refuses by returning a verdict.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.api import Control
from engine.errors import PluginError


@dataclass(frozen=True, slots=True)
class Implementation:
    """One plugin's function for one hook; called with more than it takes, it gets what it takes."""

    plugin: str
    hook: str
    function: Callable[..., Any]
    takes: tuple[str, ...]

    def __call__(self, **offered: object) -> Any:  # noqa: ANN401 - each hook has its own answer
        """Return what the function returns, whatever it raises."""
        return self.function(**{name: offered[name] for name in self.takes})


def called(implementation: Implementation, control: Control, **offered: object) -> Any:  # noqa: ANN401
    """Return a hook's answer; raises PluginError for whatever it raises, and nothing else."""
    plugin, hook = implementation.plugin, implementation.hook
    try:
        with control.handed_to(plugin, hook):
            return implementation(**offered)
    except Exception as error:  # the plugin is another's code: anything may come out of it
        control.check()  # a model that was cancelled inside a hook is no fault of the plugin
        raise PluginError(
            f"The plugin {plugin} failed in {hook}: {type(error).__name__}: {error}. "
            "Correct it or remove it."
        ) from error


def called_in_time(
    implementation: Implementation,
    control: Control,
    timeout_s: float,
    **offered: object,
) -> Any:  # noqa: ANN401 - as above
    """Return a hook's answer; a PluginError as well when it came later than allowed.

    A hook that never comes back is ended by the supervisor, with its process.
    """
    began = time.monotonic()
    answer = called(implementation, control, **offered)
    took = time.monotonic() - began
    if took > timeout_s:
        raise PluginError(
            f"The plugin {implementation.plugin} took {took:.1f} s in {implementation.hook}; "
            f"{timeout_s:g} s are allowed. Make it faster, or raise the setting hook_timeout_s."
        )
    return answer
