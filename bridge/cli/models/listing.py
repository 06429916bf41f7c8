"""`mahlstick models list` and `info`: what is there, what can be got, and what is wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.models.places import AsJson, SettingsFile, downloads_of, sentences
from bridge.cli.models.shelf import described, in_units, shelf, the_one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.settings import Settings
    from engine import Offered, Stocked

Name = Annotated[str, typer.Argument(help="A model's name, its file's name, or its path.")]


def show(
    catalogue: Annotated[
        bool, typer.Option("--catalogue", help="List what can be got instead of what is there.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Broken, refused and unknown files too, with the reason.")
    ] = False,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """List the models that are there, whichever program's folder they lie in."""
    from bridge.settings import load_settings

    configured = load_settings(settings)
    if catalogue:
        _show_catalogue(configured, as_json=as_json)
        return
    stocked = shelf(configured)
    shown = [one for one in stocked if everything or not _useless(one)]
    if as_json:
        for one in shown:
            typer.echo(json.dumps(described(one)))
        return
    _show_shelf(shown)
    hidden = len(stocked) - len(shown)
    if hidden:
        typer.echo(f"{hidden} files cannot be used: --all lists them with the reasons.")
    if not stocked:
        typer.echo("Only the model in the package is there. `--catalogue` lists what can be got.")


def info(name: Name, as_json: AsJson = False, settings: SettingsFile = None) -> None:
    """Say all that is known of one model, there or in the catalogue."""
    from bridge.settings import load_settings
    from engine import offered

    configured = load_settings(settings)
    stocked = shelf(configured)
    entry = offered().get(name)
    known = any(name in (one.entry.name, one.entry.path.parent.name) for one in stocked)
    if entry is not None and not known:
        told = {"name": entry.name, "there": False, **_offer(entry)}
    else:
        one = the_one(stocked, name)
        told = {**described(one), "there": True, **_pinned(configured, one)}
    if as_json:
        typer.echo(json.dumps(told))
        return
    for key, value in told.items():
        if value not in (None, "", []):
            typer.echo(f"{key.replace('_', ' ')}: {_plain(key, value)}")


def _show_shelf(shown: Sequence[Stocked]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Kind", "Architecture", "Precision", "Size", "Kept by", ""):
        table.add_column(heading, overflow="fold", justify="right" if heading == "Size" else "left")
    for one in shown:
        told = one.entry.identity
        what = " ".join(filter(None, (told.architecture, told.variant, told.distilled)))
        cells = (one.entry.name, one.entry.kind, what, told.precision or "")
        size = in_units(one.entry.bytes)
        remark = one.reason or ("paints" if one.card is not None else "")
        # As texts: a file's name is no markup.
        row = (*cells, size, one.entry.origin, remark)
        table.add_row(*(Text(cell, style="yellow" if cell == one.reason else "") for cell in row))
    Console().print(table)


def _show_catalogue(settings: Settings, *, as_json: bool) -> None:
    from engine import family_names, offered

    with sentences():
        pins = downloads_of(settings).ledger.pins
    families = family_names()
    if as_json:
        for entry in offered().values():
            there = entry.name in pins
            typer.echo(json.dumps({"name": entry.name, "there": there, **_offer(entry)}))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "For", "Size", "Memory", "Licence", "Good at"):
        table.add_column(heading, overflow="fold")
    for entry in offered().values():
        name = f"{entry.name} (there)" if entry.name in pins else entry.name
        lacking = bool(entry.family) and entry.family not in families
        good_at = f"(not in this version yet) {entry.good_at}" if lacking else entry.good_at
        size, memory = in_units(entry.size_gb * 1e9), in_units(entry.memory_gb * 1e9)
        table.add_row(name, entry.use, size, memory, entry.licence.name, good_at)
    Console().print(table)
    typer.echo("Get one with: mahlstick models pull NAME")


def _useless(one: Stocked) -> bool:
    return one.entry.kind in ("refused", "unknown") and one.card is None


def _offer(entry: Offered) -> dict[str, object]:
    told = asdict(entry)
    del told["name"]
    return told


def _pinned(settings: Settings, one: Stocked) -> dict[str, object]:
    """Return what was written down of a model that was pulled."""
    downloads = downloads_of(settings)
    with sentences():
        name = downloads.pinned_as(one.entry.path)
        if name is None:
            return {}
        pin = downloads.ledger.pins[name]
    return {
        "pulled_as": name,
        "pulled": pin.pulled,
        "source": pin.source,
        "commit": pin.commit,
        "licence": f"{pin.licence.name}, {pin.licence.url}",
    }


def _plain(key: str, value: object) -> str:
    if key == "bytes" and isinstance(value, int):
        return in_units(value)
    if isinstance(value, dict):
        return ", ".join(str(inner) for inner in value.values() if inner)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
