"""`mahlstick bench`: what this machine does, measured through the real bridge, figure by figure.

Every row is the median of several runs with their range beside it, because machines are noisy;
nothing here passes or fails.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.cli.painting import Outcome
    from bridge.wire.client import Client


@dataclass(frozen=True)
class Figure:
    """One measured row: the median, and the smallest and largest of `runs` runs."""

    what: str
    unit: str
    median: float
    least: float
    most: float
    runs: int


def figure(what: str, unit: str, values: list[float]) -> Figure:
    """Return the row of several measurements."""
    return Figure(what, unit, statistics.median(values), min(values), max(values), len(values))


def bench(
    runs: Annotated[int, typer.Option(min=1, help="How often each row is measured.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per row.")] = False,
) -> None:
    """Measure start, memory and painting on this machine."""
    for row in measured(runs):
        if as_json:
            typer.echo(json.dumps(asdict(row)))
        else:
            spread = f"{row.least:.2f} to {row.most:.2f}"
            typer.echo(
                f"{row.what:<52} {row.median:8.2f} {row.unit:<3} ({spread}, {row.runs} runs)"
            )


def measured(runs: int) -> Iterator[Figure]:
    """Yield all rows, quick ones first."""
    starts = [_start() for _ in range(runs)]
    yield figure("bridge: spawn to ready", "s", [seconds for seconds, _ in starts])
    memory = [megabytes for _, megabytes in starts if megabytes is not None]
    if memory:
        yield figure("bridge: memory when idle", "MB", memory)
    yield from _paintings(runs)


def _start() -> tuple[float, float | None]:
    """Return seconds from spawning a bridge to its ready line, and its memory then, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        # The command is this interpreter with arguments made here.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bridge", "serve", "--port", "0", "--state-dir", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with process:
            assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
            process.stdout.readline()
            seconds = time.monotonic() - began
            megabytes = resident(process.pid)
            process.terminate()
    return seconds, megabytes


def resident(pid: int) -> float | None:
    """Return a process's resident memory in MB (10^6 bytes), or None where /proc is missing."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    for line in status.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return None


def _paintings(runs: int) -> Iterator[Figure]:
    from bridge.cli.demo import scenes, shown_photograph
    from bridge.cli.painting import paint
    from bridge.cli.running import connected

    with resources.as_file(resources.files("bridge.demo") / "sunset.jpg") as path:
        photograph = shown_photograph(path)
    with tempfile.TemporaryDirectory() as folder, connected(Path(folder)) as client:
        for scene in scenes(photograph):
            once = partial(paint, client, scene.submit, scene.canvas, _ignored)
            yield from _painting(scene.title, once, runs)
        yield figure("cancel: asked to acknowledged", "ms", [_cancel(client) for _ in range(runs)])


def _ignored(_event: object) -> None:
    """Show nothing: what a terminal draws is not measured."""


def _painting(title: str, once: Callable[[], Outcome], runs: int) -> Iterator[Figure]:
    once()  # the first loads the model and warms the caches
    outcomes = [once() for _ in range(runs)]
    yield figure(f"{title}: all", "s", [outcome.seconds for outcome in outcomes])
    previews = [o.first_preview_s for o in outcomes if o.first_preview_s is not None]
    if previews:
        yield figure(f"{title}: first preview", "s", previews)


def _cancel(client: Client) -> float:
    """Return milliseconds from sending a cancel in mid-painting to its acknowledgement."""
    from bridge.wire.messages import Cancel, Cancelled, Finished, Preview, Submit

    job = str(uuid.uuid4())
    client.send(Submit(job=job, mode="generate", prompt="a sun", steps=200, candidates=1))
    asked = 0.0
    while True:
        message = client.receive(60)
        if isinstance(message, Preview) and message.job == job and not asked:
            asked = time.monotonic()
            client.send(Cancel(job))
        if isinstance(message, Cancelled | Finished) and message.job == job:
            return (time.monotonic() - asked) * 1000
