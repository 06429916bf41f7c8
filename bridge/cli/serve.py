"""`mahlstick serve`: the bridge, until Ctrl+C or SIGTERM."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks a free one.")] = None,
    state_dir: Annotated[
        Path | None, typer.Option(help="Folder for jobs, results and the connection file.")
    ] = None,
    tls: Annotated[
        bool | None, typer.Option("--tls", help="Encrypt, with the bridge's own certificate.")
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="Encrypt with this certificate and its chain (PEM).")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    policy: Annotated[
        str | None, typer.Option(help="How strict filters are: off, studio or classroom.")
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="A settings file (TOML).")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_format: Annotated[
        str | None, typer.Option(help="text, or json: one object a line.")
    ] = None,
) -> None:
    """Start the bridge for Krita, GIMP and the command line."""
    from bridge.server import Ready, serve
    from bridge.settings import load_settings

    def announce(ready: Ready) -> None:
        typer.echo(json.dumps({"ready": True, **dataclasses.asdict(ready)}, default=str))

    configured = load_settings(
        settings,
        host=host,
        port=port,
        state_dir=state_dir,
        tls=tls,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        policy=policy,
        log_level=log_level,
        log_format=log_format,
    )
    serve(configured, announce)
