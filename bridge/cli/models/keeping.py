"""`mahlstick models verify`, `move` and `remove`: nothing is lost half way, nothing by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.failures import DownloadFailure, InputFailure
from bridge.cli.models.places import (
    AsJson,
    SettingsFile,
    downloads_of,
    sentences,
    somebody_is_there,
)
from bridge.cli.models.shelf import in_units, shelf, the_one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.settings import Settings
    from engine import Downloads, Stocked

Force = Annotated[
    bool, typer.Option("--force", help="Even where another program keeps it and would miss it.")
]


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models; without any, all that are there.")
    ] = None,
    as_json: AsJson = False,
    settings: SettingsFile = None,
) -> None:
    """Read models whole, and say whether they are what was pulled, or what they were before."""
    from bridge.settings import load_settings

    configured = load_settings(settings)
    stocked = shelf(configured)
    chosen = [the_one(stocked, name) for name in names] if names else list(stocked)
    chosen = [one for one in chosen if names or one.entry.kind != "refused"]
    downloads = downloads_of(configured)
    unsound = 0
    for one in chosen:
        faults = list(_faults(downloads, one))
        unsound += bool(faults)
        if as_json:
            said = {"name": one.entry.name, "sound": not faults, "problems": faults}
            typer.echo(json.dumps({**said, "path": str(one.entry.path)}))
        else:
            typer.echo("\n".join(faults) or f"{one.entry.name} is sound.")
    if unsound:
        raise DownloadFailure(f"{unsound} of {len(chosen)} models are not sound.")


def move(
    name: Annotated[str, typer.Argument(help="A model's name, its file's name, or its path.")],
    folder: Annotated[Path, typer.Argument(help="Where it shall lie.")],
    force: Force = False,
    settings: SettingsFile = None,
) -> None:
    """Move a model to another folder or disk: copied, compared, and only then taken away here."""
    from bridge.settings import load_settings

    configured = load_settings(settings)
    one = the_one(shelf(configured), name)
    with sentences():
        moved = downloads_of(configured).move(
            one.entry, folder.expanduser().absolute(), force=force
        )
    typer.echo(f"{one.entry.name} lies at {moved.to} now.")
    if not _is_looked_into(moved.to, configured):
        typer.echo("No folder of the setting models holds that place: add it, to paint with it.")


def remove(
    name: Annotated[str, typer.Argument(help="A model's name, its file's name, or its path.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Force = False,
    empty_trash: Annotated[
        bool, typer.Option("--empty-trash", help="Delete for good what was removed before.")
    ] = False,
    settings: SettingsFile = None,
) -> None:
    """Put a model into the trash of the models folder; --empty-trash frees the disk."""
    from bridge.settings import load_settings

    configured = load_settings(settings)
    if not (name or empty_trash):
        raise InputFailure("Name a model to remove, or say --empty-trash.")
    if name:
        _remove(configured, name, yes=yes, force=force)
    if empty_trash:
        from engine import empty_trash as emptied

        freed = emptied(configured.models_dir.expanduser().absolute())
        typer.echo(f"{in_units(freed)} are free again.")


def _remove(settings: Settings, name: str, *, yes: bool, force: bool) -> None:
    one = the_one(shelf(settings), name)
    size = in_units(one.entry.bytes)
    if not yes and not somebody_is_there():
        raise InputFailure(f"{one.entry.name} ({size}) is not removed without --yes.")
    if not yes and not typer.confirm(f"Remove {one.entry.path} ({size})?", err=True):
        raise typer.Exit(1)
    with sentences():
        moved = downloads_of(settings).remove(one.entry, force=force)
    typer.echo(f"{one.entry.name} is in the trash, {moved.to.parent}.")
    typer.echo("`mahlstick models remove --empty-trash` deletes it for good.")


def _faults(downloads: Downloads, one: Stocked) -> Iterator[str]:
    """Yield what is wrong: with each pinned file, or with the model as a whole."""
    from engine import DownloadError, verify_model

    with sentences():
        name = downloads.pinned_as(one.entry.path)
        if name is not None:
            for told in downloads.verify(name):
                if isinstance(told, DownloadError):
                    yield str(told)
            return
    verified = verify_model(one.entry)
    if not verified.sound:
        yield verified.sentence


def _is_looked_into(path: Path, settings: Settings) -> bool:
    folders = (*settings.models, settings.models_dir)
    return any(path.is_relative_to(folder.expanduser().absolute()) for folder in folders)
