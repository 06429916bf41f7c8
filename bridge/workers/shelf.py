"""Tells what models there are, or removes one: `python -m bridge.workers.shelf ORDER`, JSON out.

A process of its own, as reading the headers of thousands of files takes time and memory that the
bridge has not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: list[str]) -> int:
    """Write the answer to an order: {"models": [...]}, {"removed": name} or {"error": sentence}."""
    order = json.loads(arguments[0])
    options = order["options"]
    try:
        stocked = engine.stock(options["models"], options["hooks"], options.get("options"))
        if "remove" in order:
            told = _removed(stocked, order["remove"], Path(order["folder"]))
        else:
            told = {"models": [_described(one) for one in stocked]}
    except engine.EngineError as error:
        told = {"error": str(error)}
    sys.stdout.write(json.dumps(told))
    return 0


def _removed(stocked: Sequence[engine.Stocked], name: str, folder: Path) -> dict[str, Any]:
    """Put a model of our own folder into its trash; what other programs keep is theirs."""
    for one in stocked:
        if one.entry.name == name and one.entry.path.is_relative_to(folder):
            engine.Downloads(folder).remove(one.entry)
            return {"removed": name}
    return {"unknown": name}


def _described(one: engine.Stocked) -> dict[str, Any]:
    entry, told = one.entry, one.entry.identity
    return {
        "name": entry.name,
        "kind": entry.kind,
        "paints": one.card is not None,
        "family": told.family,
        "architecture": told.architecture,
        "variant": told.variant or told.distilled,
        "precision": told.precision,
        "bytes": entry.bytes,
        "origin": entry.origin,
        "problem": one.reason,
        "title": entry.about.title,
        "trigger_words": list(entry.about.trigger_words),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
