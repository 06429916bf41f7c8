"""The command line. Every command's module imports what is heavy only when the command runs."""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated

import typer

from bridge.cli.bench import measure
from bridge.cli.demo import demo
from bridge.cli.doctor import doctor
from bridge.cli.evaluate import evaluate
from bridge.cli.failures import Failure
from bridge.cli.hooks import hooks
from bridge.cli.inspect import inspect
from bridge.cli.models import app as models
from bridge.cli.paint import paint
from bridge.cli.pair import pair
from bridge.cli.plugins import app as plugins
from bridge.cli.presets import presets
from bridge.cli.replay import replay
from bridge.cli.serve import serve
from bridge.errors import BridgeError
from bridge.wire.errors import WireError

app = typer.Typer(
    name="mahlstick",
    help="A local server that paints with the painter, inside Krita and GIMP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(paint)
app.command()(replay)
app.command()(inspect)
app.command()(demo)
app.command()(pair)
app.command()(doctor)
app.command()(hooks)
app.command()(presets)
app.command("bench")(measure)
app.command("eval")(evaluate)
app.add_typer(models, name="models")
app.add_typer(plugins, name="plugins")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False,
) -> None:
    """Answer what is asked of the program itself."""
    if version:
        typer.echo(f"mahlstick {metadata.version('mahlstick')}")
        raise typer.Exit


def main() -> None:
    """Run the command line; every foreseen failure ends in a sentence and an exit code."""
    try:
        app()
    except Failure as failure:
        _end(str(failure), failure.exit_code)
    except WireError as error:
        _end(error.message, 3)
    except BridgeError as error:
        _end(str(error), 3)


def _end(sentence: str, exit_code: int) -> None:
    typer.echo(sentence, err=True)
    sys.exit(exit_code)
