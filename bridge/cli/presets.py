"""`mahlstick presets`: the book of words for a medium, a style, a light, a lens, a composition."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.failures import InputFailure


def presets(
    settings: Annotated[Path | None, typer.Option(help="A settings file (TOML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per preset.")] = False,
) -> None:
    """List the presets that `mahlstick paint --preset NAME` and the editors offer."""
    from rich.console import Console
    from rich.table import Table

    from bridge.settings import engine_options, load_settings
    from engine import PluginError, preset_book

    folder = Path(engine_options(load_settings(settings))["options"]["prompts"]["presets"])
    try:
        found = preset_book(folder)
    except PluginError as error:
        raise InputFailure(str(error)) from error
    if as_json:
        for preset in found.values():
            typer.echo(json.dumps(asdict(preset), ensure_ascii=False))
        return
    table = Table("Group", "Name", "Title", "Words (% is yours)")
    for preset in found.values():
        table.add_row(preset.group, preset.name, preset.title, preset.prompt)
    Console().print(table)
    typer.echo(f"Your own ones go into {folder} (TOML files, like engine/prompts/book).")
