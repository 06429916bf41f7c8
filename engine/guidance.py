"""Classifier-free guidance, as a wrapper around two denoisers.

Ho and Salimans 2022, written for x0: x0 = u + scale * (c - u), which on every noise path equals
guidance of eps or v, since both are affine in x0 at a given x and level.
"""

from __future__ import annotations

from torch import Tensor

from engine.schedules import Denoise, Level


def guided(
    conditioned: Tensor, unconditioned: Tensor, scale: float, rescale: float = 0.0
) -> Tensor:
    """Return the guided x0 (N, C, h, w).

    `rescale` in [0, 1] pulls each candidate's standard deviation back to that of the conditioned
    x0: strong guidance over-exposes (Lin et al. 2023, "Common Diffusion Noise Schedules", equations
    15 and 16).
    """
    x0 = unconditioned + scale * (conditioned - unconditioned)
    if rescale == 0.0:
        return x0
    wanted = conditioned.std(dim=(1, 2, 3), keepdim=True)
    got = x0.std(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8)
    return x0 * (rescale * wanted / got + (1.0 - rescale))


def with_guidance(
    conditioned: Denoise, unconditioned: Denoise, scale: float, rescale: float = 0.0
) -> Denoise:
    """Return a denoiser guided by two others; with scale 1 the second is never called."""
    if scale == 1.0:
        return conditioned

    def denoise(x: Tensor, level: Level) -> Tensor:
        return guided(conditioned(x, level), unconditioned(x, level), scale, rescale)

    return denoise
