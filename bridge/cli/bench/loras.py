"""What another set of LoRAs costs beside the copying of its bytes, in turns, for two sizes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridge.cli.bench.rows import Figure, Goal, figure

SIZES = ("tiny", "SDXL")


def switching(runs: int) -> Iterator[Figure]:
    """Yield milliseconds of copying, of switching beyond it, and of going back to a kept set."""
    import engine

    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            measured = engine.Switching(size, Path(folder))
            rounds = [
                (measured.copied_ms(), measured.switched_ms(), measured.returned_ms())
                for _ in range(runs + 1)
            ][1:]  # the first warms the caches
        what = f"LoRAs over a {size} UNet, {measured.layers} layers"
        yield figure(f"{what}: copying", "ms", [copied for copied, _, _ in rounds])
        beyond = [switched - copied for copied, switched, _ in rounds]
        yield figure(f"{what}: beyond it", "ms", beyond, Goal(50.0))
        yield figure(f"{what}: back", "ms", [returned for *_, returned in rounds], Goal(50.0))
