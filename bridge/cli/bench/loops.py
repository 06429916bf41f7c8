"""What our loop costs beyond the network in it, beside diffusers' own pipeline, in turns.

All run the same tiny network of random weights in one process, one after the other, as often as
there are runs; so what else the machine does falls on all of them. What the loops cost beyond the
network is a small difference of large times, so it is measured with a network that answers at once.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from bridge.cli.bench.checkpoint import SIDE, write_checkpoint
from bridge.cli.bench.rows import Figure, Goal, figure

STEPS = 24
PROMPT = "a moon over the sea"
GUIDANCE = 7.0
_MS = 1000.0


def loop(runs: int) -> Iterator[Figure]:
    """Yield milliseconds a step beyond the bare network, and whole paintings, ours and theirs."""
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(write_checkpoint(Path(folder) / "tiny"))
        contest.round()  # the first warms the caches
        rounds = [contest.round() for _ in range(runs)]
    for name, what, goal in (
        ("ours alone", "ours beyond the network, without previews", Goal(0.15)),
        ("previewing alone", "ours beyond the network, with previews", Goal(0.5)),
        ("pipeline alone", "diffusers' pipeline beyond the network", Goal()),
        ("bare", "a step of the bare network", Goal()),
        ("ours", "a step of ours, without previews", Goal()),
        ("previewing", "a step of ours, with previews", Goal()),
        ("pipeline", "a step of diffusers' pipeline", Goal()),
    ):
        yield figure(f"loop: {what}", "ms", [one[name] for one in rounds], goal)
    yield figure("painting, end to end: ours", "ms", [one["ours whole"] for one in rounds])
    yield figure("painting, end to end: diffusers'", "ms", [one["their whole"] for one in rounds])
    ratios = [one["ours whole"] / one["their whole"] for one in rounds]
    yield figure("painting, end to end: ours in theirs", "", ratios, Goal(1.0))


class Contest:
    """The network, our loop and their pipeline around it."""

    def __init__(self, folder: Path) -> None:
        from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
            StableDiffusionPipeline,
        )

        import engine

        size = engine.Size(SIDE, SIDE)
        self._loop = engine.Loop(folder, PROMPT, size, STEPS, "euler")
        self._engine = engine.Engine([folder])
        self._request = engine.PaintRequest(
            mode=engine.Mode.GENERATE,
            prompt=PROMPT,
            model=folder.name,
            size=size,
            steps=STEPS,
            guidance=GUIDANCE,
            sampler="euler",
            schedule="model",
            seed=1,
            candidates=1,
        )
        self._pipeline: Any = StableDiffusionPipeline.from_pretrained(folder)
        self._pipeline.set_progress_bar_config(disable=True)

    def round(self) -> dict[str, float]:
        """Return the milliseconds of a step of each, and of whole paintings."""
        began = time.perf_counter()
        mine = self._painted()
        middle = time.perf_counter()
        theirs = self._piped()
        end = time.perf_counter()
        with _answering_at_once():
            alone = {
                "ours alone": _each(self._loop.steps),
                "previewing alone": _usual(self._painted()),
                "pipeline alone": _usual(self._piped()),
            }
        return alone | {
            "bare": _each(self._bare),
            "ours": _each(self._loop.steps),
            "previewing": _usual(mine),
            "pipeline": _usual(theirs),
            "ours whole": (middle - began) * _MS,
            "their whole": (end - middle) * _MS,
        }

    def _bare(self) -> Iterator[int]:
        """Run the network alone, on the rows that guidance makes, as often as there are steps."""
        import torch

        unet = self._pipeline.unet
        side = unet.config.sample_size
        with torch.inference_mode():
            rows = torch.zeros(2, 4, side, side)
            words = torch.zeros(2, 77, unet.config.cross_attention_dim)
            for step in range(STEPS):
                unet(rows, torch.tensor(500.0), words, return_dict=False)
                yield step

    def _painted(self) -> list[float]:
        """Paint with previews, and return the moments of its steps."""
        import engine

        events = self._engine.paint(self._request)
        return [time.perf_counter() for event in events if isinstance(event, engine.Denoised)]

    def _piped(self) -> list[float]:
        """Have the pipeline paint, and return the moments of its steps."""
        import torch

        times: list[float] = []

        def told(_pipe: object, _step: int, _time: object, kept: dict[str, Any]) -> dict[str, Any]:
            times.append(time.perf_counter())
            return kept

        self._pipeline(
            PROMPT,
            width=SIDE,
            height=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(1),
            callback_on_step_end=told,
        )
        return times


@contextmanager
def _answering_at_once() -> Iterator[None]:
    """Have the network give back what it is given while this lasts."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    def answer(_network: object, sample: Any, *_: object, **__: object) -> tuple[Any]:  # noqa: ANN401 - a tensor
        return (sample,)

    forward = UNet2DConditionModel.forward
    UNet2DConditionModel.forward = answer  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        UNet2DConditionModel.forward = forward  # type: ignore[method-assign]


def _each(run: Callable[[], Iterator[int]]) -> float:
    """Return the milliseconds of a step of a run."""
    return _usual([time.perf_counter() for _ in run()])


def _usual(times: Sequence[float]) -> float:
    """Return the milliseconds between moments, the lower quartile: other programs only add."""
    between = [after - before for before, after in pairwise(times)]
    return statistics.quantiles(between, n=4)[0] * _MS
