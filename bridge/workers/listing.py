"""Prints what the engine can paint with, as JSON: `python -m bridge.workers.listing OPTIONS`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import engine
from bridge.convert import model_of, obtainable_of, preset_of

MOST_NAMES = 4000  # of a kind; every client gets them all, and a message's header is bounded


def main(arguments: list[str]) -> int:
    """Write the catalogue to standard output; 1 and a sentence on standard error without one."""
    options = json.loads(arguments[0])
    try:
        found = engine.catalogue(options["models"], options["hooks"], options.get("options"))
    except engine.EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.writelines(f"{problem}\n" for problem in found.problems)
    said = {
        "models": [dataclasses.asdict(model_of(card)) for card in found.models],
        "samplers": found.samplers,
        "schedules": found.schedules,
        "prefills": found.prefills,
        "upscalers": found.upscalers,
        "presets": [dataclasses.asdict(preset_of(preset)) for preset in found.presets],
        "candidates": engine.MAX_CANDIDATES,
        "steps": engine.MAX_STEPS,
        "obtainable": obtainable(options),
        "folders": [str(each) for each in folders(options)],
        "loras": sorted(found.additions.loras)[:MOST_NAMES],
        "embeddings": sorted(found.additions.embeddings)[:MOST_NAMES],
    }
    sys.stdout.write(json.dumps(said))
    return 0


def folders(options: Mapping[str, Any]) -> list[Path]:
    """Return the folders in which models come and go, those of other programs included."""
    return engine.model_folders(options["models"], options.get("options"))


def obtainable(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what can be got by name, is of use here, and is not there yet."""
    told = options.get("options") or {}
    families = engine.family_names(options["hooks"], told)
    folder = told.get("library", {}).get("folder")
    there: Collection[str] = ()
    if folder is not None:
        with suppress(engine.DownloadError):  # a lock file that cannot be read hides nothing
            there = engine.Downloads(Path(folder)).ledger.pins
    return [
        dataclasses.asdict(obtainable_of(entry))
        for entry in engine.offered().values()
        if entry.name not in there and (not entry.family or entry.family in families)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
