"""`mahlstick models`: what there is to paint with, how to get more, and how to keep it in order."""

from __future__ import annotations

import typer

from bridge.cli.models.keeping import move, remove, verify
from bridge.cli.models.listing import info, show
from bridge.cli.models.pulling import pull

app = typer.Typer(help="Get models, list them, keep them in order.", no_args_is_help=True)
app.command()(pull)
app.command("list")(show)
app.command()(info)
app.command()(verify)
app.command()(move)
app.command()(remove)
