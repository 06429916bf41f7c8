"""Latents to colours by one matrix, fitted to the very autoencoder that made them.

What a latent looks like is nearly linear in it, and a matrix costs microseconds where a decoder
costs many milliseconds. Fitting takes one encoding of a sheet of colours, so that it is right for
every autoencoder, whatever its scale and however it was fine-tuned.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 256  # longest side of a preview
LARGEST = 4  # times that a latent is enlarged
_SWATCHES = 8  # along each side of the sheet
_CELLS = 4  # latents along each side of a swatch; its middle is what counts
_RIDGE = 1e-3


class LinearPreview:
    """An affine map from latents to RGB."""

    def __init__(self, weights: Tensor) -> None:
        """`weights` is (C + 1, 3): RGB in [0, 1] of each channel, then of zeros."""
        self._weights = weights

    @classmethod
    def fitted(cls, encode: Callable[[Tensor], Tensor], factor: int) -> LinearPreview:
        """Return the map that fits an encoder best, in least squares, on a sheet of colours.

        `encode` takes pictures (N, 3, H, W) in [-1, 1], `factor` pixels a latent.
        """
        drawn = torch.rand(1, 3, _SWATCHES, _SWATCHES, generator=torch.Generator().manual_seed(0))
        latents = encode(functional.interpolate(drawn, scale_factor=_CELLS * factor) * 2 - 1)
        middles = functional.avg_pool2d(latents[:, :, 1:, 1:], 2, stride=_CELLS)  # (1, C, 8, 8)
        flat = middles[0].flatten(1).T.double().cpu()  # (64, C)
        known = torch.cat([flat, torch.ones(len(flat), 1, dtype=flat.dtype)], dim=1)
        colours = drawn[0].flatten(1).T.to(flat)
        scale = _RIDGE * known.square().mean() * torch.eye(known.shape[1], dtype=flat.dtype)
        weights = torch.linalg.solve(known.T @ known + scale, known.T @ colours)
        return cls(weights.to(latents.device, torch.float32))

    def __call__(self, x0: Tensor) -> Tensor:
        """Latents (N, C, h, w) to uint8 RGB (N, h', w', 3), smoothly enlarged."""
        rgb = torch.einsum("nchw,cr->nrhw", x0.float(), self._weights[:-1])
        rgb = rgb + self._weights[-1][:, None, None]
        factor = min(LARGEST, SIDE // max(rgb.shape[-2:]))
        if factor > 1:
            rgb = functional.interpolate(rgb, scale_factor=factor, mode="bilinear")
        return (rgb.clamp(0, 1) * 255).round().to(torch.uint8).movedim(1, -1)
