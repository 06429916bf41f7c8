"""What every command on models is told: the settings, and from them where models are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.failures import DownloadFailure, InputFailure

if TYPE_CHECKING:
    from bridge.settings import Settings
    from engine import Downloads

SettingsFile = Annotated[Path | None, typer.Option("--settings", help="A settings file (TOML).")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def downloads_of(settings: Settings, token: str | None = None) -> Downloads:
    """Return what gets models into the settings' folder."""
    from engine import Downloads

    return Downloads(
        settings.models_dir,
        endpoint=settings.hub,
        token=token,
        hosts=frozenset(settings.download_hosts),
    )


def somebody_is_there() -> bool:
    """Tell whether questions on the terminal will be answered."""
    return sys.stdin.isatty()


@contextmanager
def sentences() -> Iterator[None]:
    """Turn the engine's errors about models and downloads into the end of a command."""
    from engine import DownloadError, ModelError

    try:
        yield
    except DownloadError as error:
        raise DownloadFailure(str(error)) from error
    except ModelError as error:
        raise InputFailure(str(error)) from error
