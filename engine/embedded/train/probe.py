"""The stage that trains the probe of the evaluation: no part of the model, but of its judge."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from engine.embedded.train.loop import Training, fresh, seeded
from engine.embedded.train.pictures import tensor
from engine.embedded.train.recipe import Recipe
from engine.evaluation.probe import WEIGHTS, Probe, labels, packed

log = logging.getLogger(__name__)


class ProbeStage:
    """Trains the probe on the square pictures, which hold no composition that is held out."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.set = recipe.base_pictures()
        self.pixels = self.set.pixels()
        model = fresh(Probe, recipe.seed, "probe")
        assert isinstance(model, Probe)  # noqa: S101 - narrows the type
        self.model = model.to(recipe.device)

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return the losses of one batch."""
        batch, device = self.recipe.pace("probe").batch, self.recipe.device
        generator = seeded(self.recipe.seed, "probe", step)
        index = torch.randint(len(self.pixels), (batch,), generator=generator).numpy()
        pictures = varied(tensor(self.pixels[index]), generator).to(device)
        truth = {n: t.to(device) for n, t in labels([self.set.scene(i) for i in index]).items()}
        with self.recipe.lowered():
            return self.model.loss(pictures.contiguous(memory_format=torch.channels_last), truth)

    def run(self) -> Probe:
        """Train and return the averaged network."""
        training = Training(self.model, self.recipe.pace("probe"), self.recipe.runs / "probe")
        training.run(self.losses)
        learned = training.average.module
        assert isinstance(learned, Probe)  # noqa: S101 - narrows the type
        return learned


def varied(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures mirrored by chance, some a little blurred, some noisy: none is as drawn."""
    flips = torch.rand(len(pictures), generator=generator) < 0.5
    pictures = torch.where(flips[:, None, None, None], pictures.flip(-1), pictures)
    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.rand((len(pictures), 1, 1, 1), generator=generator)
    share = (share * 1.6 - 0.6).clamp(min=0)  # four in ten stay sharp
    noise = torch.randn(pictures.shape, generator=generator)
    amount = (0.06 * torch.rand((len(pictures), 1, 1, 1), generator=generator) - 0.03).clamp(min=0)
    return pictures + share * (soft - pictures) + amount * noise


def probe(recipe: Recipe, path: Path = WEIGHTS) -> None:
    """Train the probe and write its weights, eight bits each, where the evaluation reads them."""
    learned = ProbeStage(recipe).run()
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(packed(learned.state_dict()), path)
    log.info("the probe's weights: %s, %d KiB", path, path.stat().st_size // 1024)
