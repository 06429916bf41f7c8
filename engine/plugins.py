"""What extends the engine: built-ins found in their folders, entry points, named files.

One new file in `engine/samplers`, `engine/families` or `engine/filters` is one new plugin, and
nothing else is edited. A misspelt hook, a broken module or a name given twice is an error that
names the plugin: a plugin that silently does nothing is worse than one that stops the start.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from engine import families, filters, hookspecs, samplers, schedules
from engine.errors import EngineError, PluginError, RefusedError

if TYPE_CHECKING:
    from torch import Tensor

    from engine.api import PaintRequest, Pixels
    from engine.families import Family
    from engine.schedules import Sampler, Schedule

GROUP = "mahlstick"
BUILT_IN = (samplers, schedules, families, filters)
CONTRACTS = (
    "engine.schedules.level",
    "engine.schedules.paths",
)  # they lie among plugins, and are none


class Extensions:
    """The plugins of one engine, and what they registered."""

    def __init__(self, hooks: Sequence[str] = ()) -> None:
        self._plugins = pluggy.PluginManager(GROUP)
        self._plugins.add_hookspecs(hookspecs)
        for name, load in _found(hooks):
            self._register(name, load)
        self.samplers: dict[str, Sampler] = self._gather("mahlstick_samplers")
        self.schedules: dict[str, Schedule] = self._gather("mahlstick_schedules")
        self.families: tuple[Family, ...] = tuple(
            family for _, listed in self._replies("mahlstick_families") for family in listed
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all plugins, sorted."""
        return tuple(sorted(name for name, _ in self._plugins.list_name_plugin()))

    def rewrite(self, prompt: str) -> str:
        """Return the prompt after every plugin had its say."""
        for name, function in self._implementations("mahlstick_rewrite_prompt"):
            answer = _called(name, function, prompt=prompt)
            prompt = prompt if answer is None else str(answer)
        return prompt

    def check_request(self, request: PaintRequest) -> None:
        """Raise RefusedError when a filter refuses the request, or fails on it."""
        for name, function in self._implementations("mahlstick_check_prompt"):
            _checked(name, function, prompt=request.prompt, request=request)

    def check_result(self, picture: Pixels, request: PaintRequest) -> None:
        """Raise RefusedError when a filter refuses the picture, or fails on it."""
        for name, function in self._implementations("mahlstick_check_result"):
            _checked(name, function, picture=picture, request=request)

    def observe(self, candidates: tuple[int, ...], step: int, steps: int, x0: Tensor) -> None:
        """Show a step to every observer; each gets a copy, so that none can change the painting."""
        for name, function in self._implementations("mahlstick_step"):
            _called(
                name,
                function,
                candidates=candidates,
                step=step,
                steps=steps,
                x0=x0.clone(),
                request=None,
            )

    def _register(self, name: str, load: Callable[[], ModuleType | Any]) -> None:
        try:
            plugin = load()
            self._plugins.register(plugin, name=name)
            self._plugins.check_pending()
        except Exception as error:
            raise PluginError(
                f"The plugin {name} cannot be loaded: {type(error).__name__}: {error}. "
                "Correct it or remove it."
            ) from error
        if not self._plugins.get_hookcallers(plugin):
            raise PluginError(
                f"The plugin {name} registers nothing. Give it a function named after a hook "
                "(such as mahlstick_samplers) and marked with @hookimpl, or remove it."
            )

    def _implementations(self, hook: str) -> Iterator[tuple[str, Callable[..., Any]]]:
        caller: pluggy.HookCaller = getattr(self._plugins.hook, hook)
        for implementation in caller.get_hookimpls():
            wanted = implementation.argnames
            yield implementation.plugin_name, _narrowed(implementation.function, wanted)

    def _replies(self, hook: str) -> Iterator[tuple[str, Any]]:
        for name, function in self._implementations(hook):
            yield name, _called(name, function)

    def _gather(self, hook: str) -> dict[str, Any]:
        everything: dict[str, Any] = {}
        owners: dict[str, str] = {}
        for plugin, offered in self._replies(hook):
            for name, thing in offered.items():
                if name in owners:
                    raise PluginError(
                        f"The plugins {owners[name]} and {plugin} both register {name!r} "
                        f"through {hook}. Rename one of them."
                    )
                owners[name], everything[name] = plugin, thing
        return dict(sorted(everything.items()))


def _found(hooks: Sequence[str]) -> Iterator[tuple[str, Callable[[], Any]]]:
    for package in BUILT_IN:
        for module in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{module.name}"
            if name not in CONTRACTS and not module.name.startswith("_"):
                yield name, lambda name=name: importlib.import_module(name)
    for entry in entry_points(group=GROUP):
        yield entry.name, entry.load
    for hook in hooks:
        yield hook, lambda hook=hook: _named(hook)


def _named(hook: str) -> ModuleType:
    path = Path(hook)
    if path.suffix != ".py":
        return importlib.import_module(hook)
    name = f"mahlstick_hook_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{hook} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their own module up there
    spec.loader.exec_module(module)
    return module


def _narrowed(function: Callable[..., Any], wanted: Sequence[str]) -> Callable[..., Any]:
    """Return a caller that passes only the arguments an implementation takes, as pluggy does."""
    return lambda **offered: function(**{name: offered[name] for name in wanted})


def _called(plugin: str, function: Callable[..., Any], **arguments: object) -> object:
    try:
        return function(**arguments)
    except EngineError:
        raise
    except Exception as error:
        raise PluginError(
            f"The plugin {plugin} failed: {type(error).__name__}: {error}. Correct it or remove it."
        ) from error


def _checked(plugin: str, function: Callable[..., Any], **arguments: object) -> None:
    try:
        _called(plugin, function, **arguments)
    except PluginError as error:
        raise RefusedError(
            "filter_failed", f"A filter could not do its work, so nothing is painted. {error}"
        ) from error
