"""What extends the engine: built-ins found in their folders, entry points, named files.

One new file in one of the `BUILT_IN` packages is one new plugin, and nothing else is edited. A
misspelt hook, a broken module or a name given twice is an error that names the plugin: a plugin
that silently does nothing is worse than one that stops the start. Others' plugins come from entry
points of the group `mahlstick` and from what the settings file names: never by HTTP, and never
because a file happens to lie in a folder.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from engine import (
    families,
    filters,
    hookspecs,
    observers,
    prefills,
    rankers,
    rewriters,
    samplers,
    schedules,
    stamps,
    upscalers,
)
from engine.api import Control
from engine.calls import Implementation, called
from engine.errors import PluginError

if TYPE_CHECKING:
    from engine.families import Family
    from engine.hookspecs import Options
    from engine.prefills import Prefill
    from engine.schedules import Sampler, Schedule
    from engine.upscalers import Upscaler

GROUP = "mahlstick"
BUILT_IN = (
    samplers,
    schedules,
    families,
    filters,
    upscalers,
    prefills,
    rewriters,
    rankers,
    observers,
    stamps,
)
CONTRACTS = (
    "engine.schedules.level",
    "engine.schedules.paths",
    "engine.upscalers.networks",
)  # they lie among plugins, and are none
MAKES_PLUGINS = "mahlstick_plugins"


@dataclass(frozen=True, slots=True)
class ActivePlugin:
    """One plugin of an engine: where it is from, the hooks it implements, what it adds by name."""

    name: str
    source: str  # "built-in", "package NAME VERSION", "module NAME", "file PATH"
    hooks: tuple[str, ...]
    adds: tuple[str, ...] = ()  # "sampler euler", in the order of registration


class Extensions:
    """The plugins of one engine, and what they registered."""

    def __init__(self, hooks: Sequence[str] = (), options: Options | None = None) -> None:
        self._plugins = pluggy.PluginManager(GROUP)
        self._plugins.add_hookspecs(hookspecs)
        self.options: Options = options or {}
        self._sources: dict[str, str] = {}
        self._adds: dict[str, list[str]] = {}
        self._implementations: dict[str, tuple[Implementation, ...]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        for name, source, load in _found(hooks):
            self._register(name, source, load)
        self._register_made()
        self.samplers: dict[str, Sampler] = self._gather("sampler")
        self.schedules: dict[str, Schedule] = self._gather("schedule")
        self.upscalers: dict[str, Upscaler] = self._gather("upscaler")
        self.prefills: dict[str, Prefill] = self._gather("prefill")
        self.families: tuple[Family, ...] = self._gathered_families()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all plugins, sorted."""
        return tuple(sorted(self._sources))

    @property
    def active(self) -> tuple[ActivePlugin, ...]:
        """All plugins in the order in which their hooks fire."""
        return tuple(
            ActivePlugin(name, source, self._hooks_of(name), tuple(self._adds.get(name, ())))
            for name, source in self._sources.items()
        )

    @property
    def wildcards(self) -> Path | None:
        """The folder of the files that prompts draw lines from, if one was set."""
        return self._folder("wildcards")

    @property
    def presets(self) -> Path | None:
        """The folder of the painter's own presets, if one was set."""
        return self._folder("presets")

    def _folder(self, name: str) -> Path | None:
        folder = self.options.get("prompts", {}).get(name)
        return None if folder is None else Path(str(folder)).expanduser()

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Return every plugin's function for a hook, in the order of registration."""
        if hook not in self._implementations:
            caller: pluggy.HookCaller = getattr(self._plugins.hook, hook)
            self._implementations[hook] = tuple(
                Implementation(one.plugin_name, hook, one.function, tuple(one.argnames))
                for one in caller.get_hookimpls()
            )
        return self._implementations[hook]

    def owner(self, kind: str, name: str) -> str:
        """Return the plugin that registered a thing: `owner("sampler", "euler")`."""
        return self._owners[kind, name]

    def _register(self, name: str, source: str, load: Callable[[], ModuleType | Any]) -> None:
        try:
            plugin = load()
            self._plugins.register(plugin, name=name)
            self._plugins.check_pending()
        except Exception as error:
            raise PluginError(
                f"The plugin {name} cannot be loaded: {type(error).__name__}: {error}. "
                "Correct it or remove it."
            ) from error
        self._sources[name] = source
        if not self._plugins.get_hookcallers(plugin):
            raise PluginError(
                f"The plugin {name} registers nothing. Give it a function named after a hook "
                "(such as mahlstick_samplers) and marked with @hookimpl, or remove it."
            )

    def _register_made(self) -> None:
        """Register the objects that plugins make for this engine."""
        for maker in self.implementations(MAKES_PLUGINS):
            made = called(maker, Control(), options=self.options)
            for plugin in _sequence(maker.plugin, made):
                name = f"{maker.plugin}:{type(plugin).__name__}"
                self._register(name, self._sources[maker.plugin], lambda plugin=plugin: plugin)
        self._implementations.clear()  # the new objects implement some as well

    def _hooks_of(self, name: str) -> tuple[str, ...]:
        callers = self._plugins.get_hookcallers(self._plugins.get_plugin(name)) or []
        return tuple(sorted(caller.name for caller in callers))

    def _gather(self, kind: str) -> dict[str, Any]:
        everything: dict[str, Any] = {}
        hook = f"mahlstick_{kind}s"
        for implementation in self.implementations(hook):
            plugin = implementation.plugin
            offered = called(implementation, Control())
            if not hasattr(offered, "items"):
                raise _wrong_answer(plugin, hook, offered, "a mapping of names to functions")
            for name, thing in offered.items():
                if name in everything:
                    raise PluginError(
                        f"The plugins {self.owner(kind, name)} and {plugin} both register {name!r} "
                        f"through {hook}. Rename one of them."
                    )
                self._owners[kind, name], everything[name] = plugin, thing
                self._adds.setdefault(plugin, []).append(f"{kind} {name}")
        return dict(sorted(everything.items()))

    def _gathered_families(self) -> tuple[Family, ...]:
        found: list[Family] = []
        for implementation in self.implementations("mahlstick_families"):
            for family in _sequence(implementation.plugin, called(implementation, Control())):
                found.append(family)
                self._adds.setdefault(implementation.plugin, []).append(f"family {family.name}")
        return tuple(found)


def family_names(hooks: Sequence[str] = (), options: Options | None = None) -> tuple[str, ...]:
    """Return which model families can paint here; torch is not imported. Raises PluginError."""
    return tuple(family.name for family in Extensions(hooks, options).families)


def active_plugins(
    hooks: Sequence[str] = (), options: Options | None = None
) -> tuple[ActivePlugin, ...]:
    """Return what an engine with these hooks is extended by, without loading any model.

    Raises PluginError where the engine itself would.
    """
    return Extensions(hooks, options).active


def _found(hooks: Sequence[str]) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Yield name, source and loader of every plugin there is to be."""
    for package in BUILT_IN:
        for module in pkgutil.iter_modules(package.__path__):
            name = f"{package.__name__}.{module.name}"
            if name not in CONTRACTS and not module.name.startswith("_"):
                yield name, "built-in", lambda name=name: importlib.import_module(name)
    for entry in entry_points(group=GROUP):
        yield entry.name, _package(entry), entry.load
    for hook in hooks:
        kind = "file" if Path(hook).suffix == ".py" else "module"
        yield hook, f"{kind} {hook}", lambda hook=hook: _named(hook)


def _package(entry: EntryPoint) -> str:
    if entry.dist is None:
        return f"package of {entry.value}"
    return f"package {entry.dist.name} {entry.dist.version}"


def _named(hook: str) -> ModuleType:
    path = Path(hook).expanduser()
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


def _sequence(plugin: str, answer: object) -> Sequence[Any]:
    if isinstance(answer, (list, tuple)):
        return answer
    raise _wrong_answer(plugin, "a registering hook", answer, "a list")


def _wrong_answer(plugin: str, hook: str, answer: object, accepted: str) -> PluginError:
    return PluginError(
        f"The plugin {plugin} answered {answer!r} in {hook}, which returns {accepted}. "
        "Correct it or remove it."
    )
