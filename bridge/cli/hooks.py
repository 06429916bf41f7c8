"""`mahlstick hooks`: which plugins extend the engine, where each is from, and what it may do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bridge.cli.failures import InputFailure

if TYPE_CHECKING:
    from engine import ActivePlugin

MAY = {
    "mahlstick_plugins": "make further plugins",
    "mahlstick_samplers": "add samplers",
    "mahlstick_schedules": "add schedules",
    "mahlstick_families": "read models of its kind",
    "mahlstick_upscalers": "enlarge pictures",
    "mahlstick_prefills": "fill holes",
    "mahlstick_rewrite_prompt": "change prompts",
    "mahlstick_check_prompt": "read prompts and refuse them",
    "mahlstick_check_input": "see your pictures and refuse them",
    "mahlstick_check_preview": "see previews, blur and refuse them",
    "mahlstick_check_result": "see results, blur and refuse them",
    "mahlstick_step": "watch every step",
    "mahlstick_rank": "see results and order them",
    "mahlstick_stamp": "mark results and add to their records",
}
BUILT_IN = "built-in"


def hooks(
    everything: Annotated[
        bool, typer.Option("--all", help="Our own plugins as well, one a line.")
    ] = False,
    settings: Annotated[Path | None, typer.Option(help="A settings file (TOML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per plugin.")] = False,
) -> None:
    """List what extends the engine, from where, and what it may do."""
    active = _active(settings)
    if as_json:
        for plugin in active:
            typer.echo(json.dumps(_line(plugin)))
        return
    _show(active, everything)


def _active(settings: Path | None) -> Sequence[ActivePlugin]:
    from bridge.settings import engine_options, load_settings
    from engine import PluginError, active_plugins

    options = engine_options(load_settings(settings))
    try:
        return active_plugins(options["hooks"], options["options"])
    except PluginError as error:
        raise InputFailure(str(error)) from error


def _line(plugin: ActivePlugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "source": plugin.source,
        "hooks": list(plugin.hooks),
        "may": _may(plugin),
        "adds": list(plugin.adds),
    }


def _may(plugin: ActivePlugin) -> list[str]:
    return [MAY[hook] for hook in plugin.hooks]


def _show(active: Sequence[ActivePlugin], everything: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    strangers = [plugin for plugin in active if plugin.source != BUILT_IN]
    shown = active if everything else strangers
    console = Console()
    if shown:
        table = Table("Plugin", "From", "May", "Adds")
        for plugin in shown:
            may, adds = "\n".join(_may(plugin)), "\n".join(plugin.adds)
            name = Path(plugin.name).name if plugin.source.startswith("file ") else plugin.name
            table.add_row(name, plugin.source, may, adds)
        console.print(table)
    ours = len(active) - len(strangers)
    plural = "" if len(strangers) == 1 else "s"
    told = f"{len(strangers)} plugin{plural} from elsewhere, {ours} of our own"
    console.print(f"{told}." if everything else f"{told} (mahlstick hooks --all lists them).")
