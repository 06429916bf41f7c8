"""The real engine with the embedded model: what a painter waits for, sees and stops."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.bench.rows import Figure, Goal, figure, p95
from bridge.cli.bench.scene import a_job, bridge_and_client, check, hear_until, painted
from bridge.wire.client import Client
from bridge.wire.limits import MAX_PREVIEW_BYTES
from bridge.wire.messages import TERMINAL, Cancel, Cancelled, Preview, Started, Submit
from bridge.workers.process import ENGINE

if TYPE_CHECKING:
    from bridge.cli.painting import Outcome

SIDE = 1024
CANCELS = 20  # in one run
LAYERS = "bridge.cli.bench.painters:layers"


def paintings(runs: int) -> Iterator[Figure]:
    """Yield how long the demo's paintings take, and how soon something is seen of them."""
    from bridge.cli.demo import scenes, shown_photograph
    from bridge.cli.painting import paint
    from bridge.cli.running import connected

    with resources.as_file(resources.files("bridge.demo") / "sunset.jpg") as path:
        photograph = shown_photograph(path)
    with tempfile.TemporaryDirectory() as folder, connected(Path(folder)) as client:
        for scene in scenes(photograph):
            once = partial(paint, client, scene.submit, scene.canvas, _ignored)
            yield from _painting(scene.title, once, runs)


def _ignored(_event: object) -> None:
    """Show nothing: what a terminal draws is not measured."""


def _painting(title: str, once: Callable[[], Outcome], runs: int) -> Iterator[Figure]:
    once()  # the first loads the model and warms the caches
    outcomes = [once() for _ in range(runs)]
    yield figure(f"{title}: all", "s", [outcome.seconds for outcome in outcomes])
    previews = [o.first_preview_s for o in outcomes if o.first_preview_s is not None]
    if previews:
        yield figure(f"{title}: first preview", "s", previews)


def previews(runs: int) -> Iterator[Figure]:
    """Yield the bytes of the largest preview of a painting of 1024x1024."""
    largest = []
    with bridge_and_client(ENGINE) as (_, client):
        for seed in range(runs):
            heard = painted(client, _large(seed))
            sizes = [len(m.picture.data) for m in heard if isinstance(m, Preview)]
            largest.append(max(sizes) / 1024)
    goal = Goal(MAX_PREVIEW_BYTES / 1024, comfyui="76 KB")
    yield figure(f"preview at {SIDE}x{SIDE}: the largest", "KB", largest, goal)


def _large(seed: int) -> Submit:
    return a_job("a moon over the sea", previews=True, seed=seed, width=SIDE, height=SIDE)


def cancel(runs: int) -> Iterator[Figure]:
    """Yield p95 from asking to the acknowledgement, in the middle of steps of about a second."""
    acknowledged: list[float] = []
    steps: list[float] = []
    with bridge_and_client(LAYERS) as (_, client):
        _cancelled(client, 0.0)  # the first warms the caches
        for _ in range(runs):
            outcomes = [_cancelled(client, k / CANCELS) for k in range(CANCELS)]
            steps += [step_s for _, step_s in outcomes]
            acknowledged.append(p95([took for took, _ in outcomes]))
    yield figure("cancel: a step takes", "s", steps)
    yield figure("cancel in mid-step: p95", "ms", acknowledged, Goal(50, comfyui="per operation"))


def _cancelled(client: Client, moment: float) -> tuple[float, float]:
    """Cancel at a moment (0 to 1) of the second step; return milliseconds, and a step's seconds."""
    job = a_job(previews=True, steps=50)
    client.send(job)
    hear_until(client, Started)
    began = time.monotonic()
    hear_until(client, Preview)
    step_s = time.monotonic() - began
    time.sleep(step_s * moment)
    asked = time.monotonic()
    client.send(Cancel(job.job))
    end = hear_until(client, *TERMINAL)[-1]
    check(isinstance(end, Cancelled), f"the job was not cancelled: {end.type}")
    return (time.monotonic() - asked) * 1000, step_s
