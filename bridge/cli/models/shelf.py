"""The models that are there, as every command on them sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.cli.failures import InputFailure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.settings import Settings
    from engine import Stocked


def shelf(settings: Settings) -> tuple[Stocked, ...]:
    """Return every model file that the settings' folders hold, usable or not."""
    from bridge.settings import engine_options
    from engine import PluginError, stock

    told = engine_options(settings)
    try:
        return stock(told["models"], told["hooks"], told["options"])
    except PluginError as error:
        raise InputFailure(str(error)) from error


def the_one(stocked: Sequence[Stocked], name: str) -> Stocked:
    """Return the model that goes by a name, a file's name or a path; InputFailure without one."""
    from difflib import get_close_matches

    found = [one for one in stocked if name in _names(one)]
    lowered = name.lower()
    found = found or [one for one in stocked if lowered in {n.lower() for n in _names(one)}]
    if len(found) == 1:
        return found[0]
    if found:
        paths = ", ".join(str(one.entry.path) for one in found)
        raise InputFailure(f"{len(found)} models are called {name!r}; give a path: {paths}.")
    near = get_close_matches(name, [one.entry.name for one in stocked], n=3, cutoff=0.5)
    there_are = f" Near it are: {', '.join(near)}." if near else ""
    raise InputFailure(f"There is no model {name!r} here.{there_are} See `mahlstick models list`.")


def described(one: Stocked) -> dict[str, Any]:
    """Return what a program is told of a model file."""
    entry, told = one.entry, one.entry.identity
    return {
        "name": entry.name,
        "kind": entry.kind,
        "paints": None if one.card is None else one.card.name,
        "family": told.family,
        "architecture": told.architecture,
        "variant": told.variant or told.distilled,
        "precision": told.precision,
        "bytes": entry.bytes,
        "origin": entry.origin,
        "path": str(entry.path),
        "problem": one.reason,
        "sha256": entry.sha256,
        "autov2": entry.autov2,
        "same_as": [str(path) for path in one.same_as],
        "title": entry.about.title,
        "description": entry.about.description,
        "trigger_words": list(entry.about.trigger_words),
        "preview": bool(entry.about.preview or entry.about.thumbnail),
    }


def in_units(count: float) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _names(one: Stocked) -> set[str]:
    entry = one.entry
    return {entry.name, entry.path.name, entry.path.stem, str(entry.path), entry.path.parent.name}
