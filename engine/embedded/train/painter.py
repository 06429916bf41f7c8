"""The patch autoencoder's making: components by linear algebra, then a decoder that learns edges.

The analysis is final as soon as it is computed, so the big decoder can train on its latents
while the way back to pixels is still learning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.train.loop import Training, fresh, seeded
from engine.embedded.train.pictures import tensor
from engine.embedded.train.recipe import Recipe

if TYPE_CHECKING:
    from engine.embedded.patches import PatchAutoencoder

LATENT_NOISE = 0.12  # the way back must forgive what the denoiser leaves
EVENING = 0.5  # components' spread is raised to this power: 1 leaves it, 0 makes all alike
SPREAD = 0.7  # divides all latents, so that they are of about unit size
_SOME = 3000  # pictures that the components are found on


def gradient_loss(guess: Tensor, truth: Tensor) -> Tensor:
    """Return the L1 difference of neighbouring pixels' differences: what keeps edges sharp."""
    across = (guess.diff(dim=-1) - truth.diff(dim=-1)).abs().mean()
    return across + (guess.diff(dim=-2) - truth.diff(dim=-2)).abs().mean()


def components(recipe: Recipe, count: int, patch: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    """Return patches' mean (192,), main components (count, 192) and their spread (count,)."""
    pixels = recipe.base_pictures().pixels()[:_SOME]
    patches = functional.unfold(tensor(np.array(pixels)), patch, stride=patch)  # (N, 192, L)
    flat = patches.movedim(1, -1).reshape(-1, patches.shape[1]).double()
    mean = flat.mean(0)
    variances, vectors = torch.linalg.eigh((flat - mean).T @ (flat - mean) / len(flat))
    main = vectors.T.flip(0)[:count]
    main = main * torch.where(main.sum(1, keepdim=True) < 0, -1.0, 1.0)  # a sign for every machine
    return mean.float(), main.float(), variances.flip(0)[:count].sqrt().float()


def new_autoencoder(recipe: Recipe) -> PatchAutoencoder:
    """Return an autoencoder with its final analysis and an untrained way back."""
    from engine.embedded.patches import PATCH, PatchAutoencoder

    made = fresh(lambda: PatchAutoencoder(**recipe.painter), recipe.seed, "painter")
    assert isinstance(made, PatchAutoencoder)  # noqa: S101 - narrows the type
    count = int(made.config["latent_channels"])
    path = recipe.runs / "components.pt"
    if not path.exists():
        torch.save(components(recipe, count, PATCH), path)
    mean, main, spread = torch.load(path, weights_only=True)
    scale = (spread / PATCH) ** (1 - EVENING) * SPREAD**-1 / spread
    kernel = (main * scale[:, None]).view(count, 3, PATCH, PATCH)
    made.analysis.weight.data = kernel
    made.analysis.bias = nn.Parameter(-(main @ mean) * scale)
    made.synthesis.weight.data = (main / scale[:, None]).view(count, 3, PATCH, PATCH)
    left = mean - main.T @ (main @ mean)  # what no component holds; the same all over a patch
    made.synthesis.bias = nn.Parameter((main.T @ (main @ mean) + left).view(3, -1).mean(1))
    made.analysis.requires_grad_(False)
    made.synthesis.requires_grad_(False)
    return made


class PainterStage:
    """Trains the way back; the analysis and its inverse stay as they are."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.model = new_autoencoder(recipe)
        nn.Module.to(self.model, recipe.device)  # diffusers' own `to` has no types
        self.pixels = recipe.sharp_pictures().pixels()

    def _examples(self, generator: torch.Generator, crop: int = 128) -> Tensor:
        """Return crops (N, 3, crop, crop) of the sharp pictures, on the grid of cells."""
        batch = self.recipe.pace("painter").batch
        index = torch.randint(len(self.pixels), (batch,), generator=generator).tolist()
        spare = self.pixels.shape[1] - crop
        corners = (torch.randint(spare + 1, (batch, 2), generator=generator)).tolist()
        crops = [
            self.pixels[i : i + 1, top : top + crop, left : left + crop]
            for i, (top, left) in zip(index, corners, strict=True)
        ]
        return torch.cat([tensor(piece) for piece in crops])

    def losses(self, step: int) -> Mapping[str, Tensor]:
        """Return pixel and edge losses of one batch."""
        device = self.recipe.device
        truth = self._examples(seeded(self.recipe.seed, "painter", step)).to(device)
        generator = seeded(self.recipe.seed, "noise", step, device=device)
        with torch.no_grad():
            latents = self.model.encode(truth)
            noise = torch.randn(latents.shape, generator=generator, device=device)
            shape = (len(latents), 1, 1, 1)
            amount = LATENT_NOISE * torch.rand(shape, generator=generator, device=device)
            latents = latents + amount * noise
        with self.recipe.lowered():
            guess = self.model.decode(latents).float()
        pixel, edges = functional.l1_loss(guess, truth), gradient_loss(guess, truth)
        return {"loss": pixel + edges, "pixel": pixel, "edges": edges}

    def run(self) -> nn.Module:
        """Train and return the averaged autoencoder."""
        training = Training(self.model, self.recipe.pace("painter"), self.recipe.runs / "painter")
        training.run(self.losses)
        return training.average.module
