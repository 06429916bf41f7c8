"""Between pictures and latents: scaled as the network wants them, exact where half would overflow.

Pictures go through one by one, so that a candidate is the same alone and in a batch. What decodes
to something that is no number is decoded once more in fp32, and so is everything after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import ModelError


class Autoencoder:
    """An AutoencoderKL with its scale."""

    def __init__(self, network: Any, device: str, *, overflows: bool) -> None:  # noqa: ANN401 - diffusers'
        """`overflows`: its activations leave the range of fp16, so there it computes in fp32."""
        config = network.config
        self.network: Any = network
        self.factor = 2 ** (len(config["block_out_channels"]) - 1)
        self.channels = int(config["latent_channels"])
        self._scale = float(config["scaling_factor"])
        self._shift = float(config.get("shift_factor") or 0.0)
        self._device = device
        if overflows and network.dtype == torch.float16:
            self._to_fp32()

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, h, w), float32, without chance."""
        return torch.cat([self._encoded(one) for one in pictures.split(1)])

    def decode(self, latents: Tensor, check: Callable[[], None]) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, H, W) in [-1, 1]; `check` before each."""
        pictures = []
        for one in latents.split(1):
            check()
            pictures.append(self._decoded(one))
        return torch.cat(pictures)

    def close(self) -> None:
        """Give the network back; the scale stays known."""
        self.network = None

    def _encoded(self, picture: Tensor) -> Tensor:
        told = self._finite(lambda x: self.network.encode(x).latent_dist.mode(), picture)
        return (told - self._shift) * self._scale

    def _decoded(self, latents: Tensor) -> Tensor:
        plain = latents / self._scale + self._shift
        return self._finite(lambda x: self.network.decode(x).sample, plain).clamp(-1.0, 1.0)

    def _finite(self, compute: Callable[[Tensor], Tensor], given: Tensor) -> Tensor:
        """Return what is computed in the network's precision, or in fp32 where that overflows."""
        made = compute(given.to(self._device, self.network.dtype)).float()
        if bool(made.isfinite().all()) or not bool(given.isfinite().all()):
            return made
        if self.network.dtype == torch.float32:
            raise ModelError(
                "The model's autoencoder gives values that are no numbers: its file is damaged. "
                "Get the model again, or give it another autoencoder."
            )
        self._to_fp32()
        return self._finite(compute, given)

    def _to_fp32(self) -> None:
        # In place, wherever it lies just now: it may be on its way to the device only when it runs.
        nn.Module.to(self.network, dtype=torch.float32)
