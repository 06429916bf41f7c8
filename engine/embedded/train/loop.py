"""The loop every stage trains in: learning rate, averaging, checkpoints, the curve of the loss.

It keeps one rule: a step depends on the weights and on its number alone, never on when it ran.
"""

from __future__ import annotations

import copy
import csv
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

from engine.embedded.train.optimiser import Optimiser

log = logging.getLogger(__name__)
CPU = torch.device("cpu")
CHECKPOINT = "checkpoint.pt"  # in a stage's folder


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how fast a stage learns."""

    steps: int
    batch: int
    rate: float
    warmup: int = 100
    decay: float = 0.3  # the last part of the steps, over which the rate falls to nothing
    average: float = 0.999  # EMA
    muon: bool = False  # for the matrices within; it pays where a step takes long
    checkpoint_s: float = 180.0
    report: int = 50

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step: up, level, and down along a cosine."""
        if step < self.warmup:
            return self.rate * (step + 1) / self.warmup
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return self.rate * (0.5 - 0.5 * math.cos(math.pi * min(1.0, left)))


def seeded(*words: int | str, device: torch.device = CPU) -> torch.Generator:
    """Return a device's generator that depends on nothing but the words."""
    value = 0xCBF29CE484222325
    for byte in "/".join(str(word) for word in words).encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return torch.Generator(device).manual_seed(value % 2**63)


def fresh(make: Callable[[], nn.Module], *words: int | str) -> nn.Module:
    """Return a module whose first weights depend on nothing but the words."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(seeded(*words).get_state())
        return make()


def rank() -> int:
    """Return which of the processes that train together this is."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def company() -> int:
    """Return how many processes train together; each takes its part of every batch."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def share_gradients(module: nn.Module) -> None:
    """Replace gradients by their mean over all processes: one message a step."""
    if company() == 1:
        return
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    flat = torch.cat([grad.flatten() for grad in grads])
    distributed.all_reduce(flat)
    flat /= company()
    for grad, part in zip(grads, flat.split([grad.numel() for grad in grads]), strict=True):
        grad.copy_(part.view_as(grad))


class Averaged:
    """The exponential moving average of a module's weights, warm from the first steps on."""

    def __init__(self, module: nn.Module, rate: float) -> None:
        self.module = copy.deepcopy(module).requires_grad_(False).eval()
        self.rate = rate

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        """Take in the weights after a step."""
        rate = min(self.rate, (1 + step) / (10 + step))
        for ours, theirs in zip(self.module.parameters(), module.parameters(), strict=True):
            ours.lerp_(theirs, 1 - rate)


def learned(module: nn.Module, folder: Path) -> nn.Module:
    """Return a module with the averaged weights of a stage's checkpoint, frozen.

    Where there is no checkpoint yet, the module keeps the weights it has.
    """
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        device = next(module.parameters()).device
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        module.load_state_dict(state["average"])
    return module.requires_grad_(False).eval()


class Training:
    """One stage's state: the module that learns, its average, the optimiser, the step reached."""

    def __init__(self, module: nn.Module, pace: Pace, folder: Path) -> None:
        self.module, self.pace, self.folder = module, pace, folder
        self.device = next(module.parameters()).device
        self.average = Averaged(module, pace.average)
        self.optimiser = Optimiser(module, pace.rate, muon=pace.muon)
        self.step = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.exists():
            self._resume()

    @property
    def checkpoint(self) -> Path:
        """The file this stage resumes from."""
        return self.folder / CHECKPOINT

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.step >= self.pace.steps

    def _resume(self) -> None:
        state: Mapping[str, Any] = torch.load(
            self.checkpoint, map_location=self.device, weights_only=True
        )
        self.module.load_state_dict(state["module"])
        self.average.module.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])
        log.info("%s resumes at step %d", self.folder.name, self.step)

    def save(self) -> None:
        """Write the checkpoint; a crash while writing leaves the old one."""
        if rank() != 0:
            return
        state = {
            "module": self.module.state_dict(),
            "average": self.average.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        part = self.checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.checkpoint)

    def run(self, losses: Callable[[int], Mapping[str, Tensor]]) -> None:
        """Train to the last step. Of the losses that `losses(step)` names, "loss" is lowered."""
        saved = time.monotonic()
        sums: dict[str, Tensor] = {}  # kept where they are: reading them makes a GPU wait
        began, count = time.monotonic(), 0
        while not self.finished:
            for name, value in self._learn(losses).items():
                sums[name] = sums[name] + value if name in sums else value
            count += 1
            if self.step % self.pace.report == 0 or self.finished:
                spent = time.monotonic() - began
                self._report({k: float(v) / count for k, v in sums.items()}, spent / count)
                sums, began, count = {}, time.monotonic(), 0
            if time.monotonic() - saved > self.pace.checkpoint_s:
                self.save()
                saved = time.monotonic()
        self.save()

    def _learn(self, losses: Callable[[int], Mapping[str, Tensor]]) -> dict[str, Tensor]:
        told = losses(self.step)
        self.optimiser.forget_gradients()
        told["loss"].backward()
        share_gradients(self.module)
        nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimiser.step(self.pace.rate_at(self.step))
        self.average.update(self.module, self.step)
        self.step += 1
        return {name: value.detach() for name, value in told.items()}

    def _report(self, means: Mapping[str, float], step_s: float) -> None:
        if rank() != 0:
            return
        told = " ".join(f"{name} {value:.4f}" for name, value in means.items())
        log.info(
            "%s step %d/%d  %s  %.0f ms",
            self.folder.name,
            self.step,
            self.pace.steps,
            told,
            step_s * 1000,
        )
        path = self.folder / "curve.csv"
        new = not path.exists()
        with path.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(["step", *means, "step_s"])
            writer.writerow([self.step, *(f"{v:.6f}" for v in means.values()), f"{step_s:.4f}"])
