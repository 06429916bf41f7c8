"""Whether a network predicts noise or velocity, found by asking it once, where no file tells.

SD 2.x was published both ways with the same tensors. Shown pure noise at the noisiest step, a
network that predicts noise gives back what it sees; velocity is there nearly the negated picture,
which has nothing of that noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from engine.families.latent.noise import Prediction, Training
from engine.families.latent.parts import Parts
from engine.families.latent.readers import read_all
from engine.prompts import Words

_SIDE = 32  # latents
_LIKE = 0.5  # cosine between noise and answer from which on the noise was predicted


def probed(training: Training, parts: Parts, device: str) -> Training:
    """Return the training with what the network's own answer to noise says it predicts."""
    unet = parts.unet
    with torch.inference_mode():
        nothing = [reader.chunks(Words()) for reader in parts.readers]
        hidden = read_all(parts.readers, nothing).hidden.to(unet.dtype)

        def ask(noise: Tensor) -> Tensor:
            rows = noise.to(device, unet.dtype)
            if unet.config["in_channels"] > noise.shape[1]:  # all hole, nothing kept
                kept = torch.zeros_like(rows)
                rows = torch.cat([rows, torch.ones_like(rows[:, :1]), kept], dim=1)
            step = torch.tensor(training.path.step(training.path.level(1.0)), device=device)
            return unet(rows, step.float(), hidden, return_dict=False)[0].float().cpu()

        return replace(training, prediction=said_by(ask, int(unet.config["out_channels"])))


def said_by(ask: Callable[[Tensor], Tensor], channels: int) -> Prediction:
    """Return epsilon where the answer to noise (1, C, h, w) is that noise, else v."""
    noise = torch.randn(1, channels, _SIDE, _SIDE, generator=torch.Generator().manual_seed(0))
    alike = torch.cosine_similarity(noise.flatten(), ask(noise).flatten(), dim=0)
    return "epsilon" if alike > _LIKE else "v"
