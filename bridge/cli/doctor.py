"""`mahlstick doctor`: what is installed, found and missing, and what to do about it."""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from bridge.settings import Settings

Verdict = Literal["ok", "note", "missing"]
PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "safetensors",
    "fastapi",
    "starlette",
    "uvicorn",
    "websockets",
    "pillow",
    "numpy",
    "opencv-python-headless",
    "pluggy",
)


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    what: str
    verdict: Verdict
    found: str
    advice: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per finding.")] = False,
) -> None:
    """Say what is installed, what was found and what is missing."""
    findings = list(examine())
    if as_json:
        for finding in findings:
            typer.echo(json.dumps(asdict(finding)))
    else:
        _show(findings)
    if any(finding.verdict == "missing" for finding in findings):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Yield every finding; nothing is changed and no model is loaded."""
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}")
    yield from _packages()
    yield _device()
    yield _memory()
    yield from _models()
    yield _bridge()
    yield from _editors()


def _packages() -> Iterator[Finding]:
    for name in PACKAGES:
        try:
            yield Finding(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            advice = "Install Mahlstick again: pip install -c constraints.txt -e ."
            yield Finding(name, "missing", "not installed", advice)


def _device() -> Finding:
    from bridge.cli.graphics import advised, cards, torch_build

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    told = advised(cards(), torch_build())
    if told is None:
        return Finding(
            "GPU", "note", f"none; painting on {cores} CPU cores", "The embedded model needs none."
        )
    found, advice = told
    return Finding("GPU", "note" if advice else "ok", found, advice)


def _memory() -> Finding:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return Finding("Memory", "note", "unknown on this system")
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    verdict: Verdict = "ok" if total >= 4 else "note"
    return Finding(
        "Memory", verdict, f"{total:.0f} GiB", "" if total >= 4 else "4 GiB are advised."
    )


def _models() -> Iterator[Finding]:
    import engine

    told, settings = _told()
    catalogue = engine.catalogue(told["models"], told["hooks"], told["options"])
    for card in catalogue.models:
        yield Finding(f"Model {card.name}", "ok", f"{card.family}, {card.path}")
    if not catalogue.models:
        advice = "The embedded model belongs to the package: install Mahlstick again."
        yield Finding("Models", "missing", "none found", advice)
    if len(catalogue.models) == 1:
        advice = "Get a large one: mahlstick models list --catalogue"
        yield Finding("Checkpoints", "note", "only the small model of the package", advice)
    for problem in catalogue.problems:
        yield Finding("Models", "note", problem)
    yield from _shelves(told)
    for name in engine.Downloads(settings.models_dir).unfinished():
        advice = "The rest comes with: mahlstick models pull, and the same name as before"
        yield Finding(f"Download {name}", "note", "not finished", advice)


def _shelves(told: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the folders that models are read from, and those of other programs that are not."""
    import engine

    library = engine.library(told["models"], told["options"])
    for shelf in library.shelves:
        there = sum(one.path.is_relative_to(shelf.path) for one in library.entries)
        yield Finding(f"Models of {shelf.origin}", "ok", f"{there} in {shelf.path}")
    read = [shelf.path for shelf in library.shelves]
    for place in engine.well_known(Path.home(), os.environ):
        if not any(path.is_relative_to(place) for path in read):
            advice = "To paint with what it holds, name it in the setting `models`."
            yield Finding("Models elsewhere", "note", str(place), advice)


def _told() -> tuple[dict[str, Any], Settings]:
    """Return what an engine is made with, and the settings that say so."""
    from bridge.settings import engine_options, load_settings

    settings = load_settings()
    return engine_options(settings), settings


def _bridge() -> Finding:
    from bridge.cli.running import running_bridge

    connection = running_bridge()
    if connection is None:
        return Finding("Bridge", "note", "not running", "Start it with: mahlstick serve")
    return Finding("Bridge", "ok", f"running at {connection.url}, process {connection.pid}")


def _editors() -> Iterator[Finding]:
    yield _editor("Krita", ("krita",))
    yield _editor("GIMP", ("gimp-3.2", "gimp-3.0", "gimp-3", "gimp"))


def _editor(name: str, commands: tuple[str, ...]) -> Finding:
    for command in commands:
        path = shutil.which(command)
        if path:
            return Finding(name, "ok", str(Path(path)))
    return Finding(name, "note", "not found on the path", "The command line paints without it.")


def _show(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("", "What", "Found", "What to do"):
        table.add_column(heading, overflow="fold")
    signs = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "missing": "[red]missing[/]"}
    for finding in findings:
        table.add_row(signs[finding.verdict], finding.what, finding.found, finding.advice)
    Console().print(table)
