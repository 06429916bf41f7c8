"""A bridge for measuring: `python -m bridge.cli.bench.serving FOLDER ENGINE OPTIONS SETTINGS`.

All of it is the real one, in a process of its own; only the engine in its worker may be another:
one of `painters`, whose time is known, so that what is measured is the bridge's.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from bridge.offer import Offer
from bridge.server import Parts, Ready, serve
from bridge.settings import Settings, load_settings
from bridge.workers.process import ENGINE, EngineChoice

OFFER = Offer(samplers=("none",), schedules=("none",))


def settings_in(folder: Path, **given: object) -> Settings:
    """Return settings that touch nothing outside the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    nowhere = folder / "settings.toml"
    nowhere.touch()
    own = {"port": 0, "state_dir": folder / "state", "config_dir": folder / "config"}
    return load_settings(nowhere, **{**own, **given})


def main(arguments: Sequence[str]) -> None:
    """Run a bridge as the arguments say, until SIGTERM."""
    folder, engine, options, settings = arguments
    made = EngineChoice(engine, json.loads(options)) if engine != ENGINE else None
    parts = Parts(engine=made, offer=None if made is None else OFFER)

    def announce(ready: Ready) -> None:
        typer.echo(json.dumps(dataclasses.asdict(ready), default=str))

    serve(settings_in(Path(folder), **json.loads(settings)), announce, parts)


if __name__ == "__main__":
    main(sys.argv[1:])
