"""`mahlstick plugins`: the panels for Krita and GIMP, put into their places and taken away."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.failures import InputFailure
from bridge.editors.bundles import bundle
from bridge.editors.installing import install as put
from bridge.editors.installing import installed
from bridge.editors.installing import uninstall as take_away
from bridge.editors.places import (
    EDITORS,
    GIMP_ID,
    KRITA_ID,
    Editor,
    Place,
    chosen,
    looked_at,
    places,
)
from bridge.editors.processes import is_running
from bridge.wire.installation import Installation

app = typer.Typer(
    help="Put Mahlstick's panels into Krita and GIMP, or take them away.", no_args_is_help=True
)
NAMES: dict[Editor, str] = {"krita": "Krita", "gimp": "GIMP"}
_Editor = Annotated[str, typer.Argument(metavar="krita|gimp", help="The editor.")]
_Folder = Annotated[
    Path | None,
    typer.Option(
        help="Krita's resource folder or GIMP's plug-ins folder, where it is not found by itself."
    ),
]
_AFTER: dict[Editor, str] = {
    "krita": "The panel is under Settings > Dockers > Mahlstick.",
    "gimp": "It is in the menu under Filters > Mahlstick.",
}


@app.command()
def install(editor: _Editor, folder: _Folder = None) -> None:
    """Install the plugin into every Krita, or every GIMP 3, of this user; or upgrade it."""
    wanted = _known(editor)
    with tempfile.TemporaryDirectory() as work:
        archive = bundle(wanted, Path(work))
        told = _told()
        for place in _places(wanted, folder):
            before = installed(place)
            put(place, archive, told)
            verb = f"Upgraded from {before.version}" if before else "Installed"
            typer.echo(f"{place.name}: {verb}: {place.program}")
            for line in _advice(place):
                typer.echo(f"  {line}")
    running = f" {NAMES[wanted]} is running: quit it and start it again." * is_running(wanted)
    typer.echo(f"{_AFTER[wanted]}{running}")


@app.command()
def uninstall(editor: _Editor, folder: _Folder = None) -> None:
    """Take the plugin away; what else is there stays."""
    wanted = _known(editor)
    found = [place for place in _places(wanted, folder) if installed(place)]
    for place in found:
        left = take_away(place)
        typer.echo(f"{place.name}: Removed from {place.root}")
        for path in left:
            typer.echo(f"  Not ours, so it stays: {path}")
    if not found:
        typer.echo(f"The plugin for {NAMES[wanted]} is not installed.")
    elif is_running(wanted):
        typer.echo(f"{NAMES[wanted]} is running: it keeps the plugin until it is started again.")


@app.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per place.")] = False,
) -> None:
    """Say which editors were found and what is installed in them."""
    for editor in EDITORS:
        found = places(editor)
        for place in found:
            _show(place, as_json)
        if not found and not as_json:
            typer.echo(f"{NAMES[editor]}: not found")


@app.command()
def build(
    editor: Annotated[str, typer.Argument(metavar="[krita|gimp]", help="One editor only.")] = "",
    out: Annotated[Path, typer.Option(help="Where the zips go.")] = Path("dist"),
) -> None:
    """Write the zips: Krita's importer takes the one, GIMP's plug-ins folder holds the other."""
    names = (_known(editor),) if editor else EDITORS
    for name in names:
        with tempfile.TemporaryDirectory() as work:
            archive = bundle(name, Path(work))
            out.mkdir(parents=True, exist_ok=True)
            typer.echo(shutil.copy(archive, out / archive.name))


def _known(editor: str) -> Editor:
    for name in EDITORS:
        if name == editor.lower():
            return name
    raise InputFailure(f"There is no plugin for {editor!r}; there are: {', '.join(EDITORS)}.")


def _places(editor: Editor, folder: Path | None) -> list[Place]:
    if folder is not None:
        return [chosen(editor, folder)]
    found = places(editor)
    if not found:
        where = ", ".join(map(str, looked_at(editor)))
        raise InputFailure(
            f"No {NAMES[editor]} was found; looked for it on the path and in {where}. Start it "
            "once, so that it makes its folders, or name its folder with --folder."
        )
    return found


def _told() -> Installation:
    """Return what the plugin must know: programs and files by their absolute paths."""
    from importlib.metadata import version

    from bridge.settings import load_settings
    from bridge.wire.connection import FILE
    from bridge.wire.starting import LOG

    settings = load_settings()
    return Installation(
        _command(),
        str(settings.config_dir.expanduser().absolute() / FILE),
        str(settings.state_dir.expanduser().absolute() / LOG),
        version("mahlstick"),
    )


def _command() -> list[str]:
    name = "mahlstick.exe" if os.name == "nt" else "mahlstick"
    program = Path(sys.executable).absolute().with_name(name)
    start = [str(program)] if program.is_file() else [sys.executable, "-m", "bridge"]
    return [*start, "serve"]


def _advice(place: Place) -> list[str]:
    program = KRITA_ID if place.editor == "krita" else GIMP_ID
    if place.packaging == "flatpak":
        return [
            "A flatpak may not start the bridge: type `mahlstick serve` in a terminal. If the "
            "panel does not reach it then, let the flatpak reach this machine's own network: "
            f"flatpak override --user --share=network {program}"
        ]
    if place.packaging == "snap":
        return [
            "A snap may not read hidden folders, where the bridge says how to reach it: start both "
            "with MAHLSTICK_CONNECTION and MAHLSTICK_CONFIG_DIR naming a folder that it may read."
        ]
    return []


def _show(place: Place, as_json: bool) -> None:
    found = installed(place)
    if as_json:
        told = {"editor": place.editor, "name": place.name, "folder": str(place.root)}
        told |= {"installed": found is not None, "version": found.version if found else None}
        typer.echo(json.dumps(told | {"enabled": found.enabled if found else False}))
        return
    state = "not installed" if found is None else f"installed, {found.version}"
    off = "" if found is None or found.enabled else ", but switched off in Krita's settings"
    typer.echo(f"{place.name}: {state}{off} ({place.root})")
