"""Rows about time, on the machine that runs them; `mahlstick bench` measures through the bridge."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from time import perf_counter

import torch

from engine.api import Mode, PaintRequest, Size
from engine.evaluation.figures import Finding, Goal, figure
from engine.evaluation.setting import Setting
from engine.evaluation.towers import towers
from engine.families import Conditions

RUNS = 5
_STEPS = 15


def four(setting: Setting) -> Iterator[Finding]:
    """Yield seconds for four candidates at 256x256 once all is warm, and to the first preview."""
    request = PaintRequest(
        mode=Mode.GENERATE, prompt="a red circle on a blue background", size=Size(256, 256),
        candidates=4, seed=1,
    )  # fmt: skip
    setting.painter.painted_now(request)
    outcomes = []
    for number in range(RUNS):
        setting.painter.say(f"four: run {number + 1} of {RUNS}")
        outcomes.append(setting.painter.painted_now(request))
    whole = statistics.median(outcome.seconds for outcome in outcomes)
    first = statistics.median(outcome.first_preview_s for outcome in outcomes)
    yield figure("four", "four candidates 256x256, warm", whole, RUNS, Goal(at_most=2.5), "s")
    yield figure("four", "first preview", first, RUNS, Goal(at_most=0.25), "s")


def step(setting: Setting) -> Iterator[Finding]:
    """Yield how much longer a step takes than the bare network, measured in turns."""
    model = towers(setting.painter)
    assert model is not None  # noqa: S101 - the row is skipped without one
    working = Size(*model.card.native)
    conditions = Conditions(
        prompt="a red circle on a blue background", guidance=model.card.guidance,
        working=working, seeds=(1,),
    )  # fmt: skip
    denoise, x = model.denoiser(conditions), torch.randn(1, *model.latent_shape(working))
    level = model.path.level(0.5)
    unet, asked = model.parts.unet, model.asked(conditions)
    both = len(asked.tokens)
    given = torch.zeros(both, unet.config["in_channels"] - x.shape[1], *x.shape[2:])
    stacked = torch.cat([x.expand(both, -1, -1, -1), given], dim=1)

    def bare() -> None:
        with torch.inference_mode():
            unet(stacked, 500.0, asked.tokens, class_labels=asked.vector, return_dict=False)

    ours, network = [], []
    for number in range(_STEPS + 2):
        setting.painter.say(f"step: run {number + 1} of {_STEPS + 2}")
        network.append(_seconds(bare))
        ours.append(_seconds(lambda: denoise(x, level)))
    ratio = statistics.median(ours[2:]) / statistics.median(network[2:])
    note = f"{1000 * statistics.median(ours[2:]):.0f} ms a step"
    yield figure("step", "one step against the bare network", ratio, _STEPS, Goal(at_most=1.1),
                 "x", note)  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began
