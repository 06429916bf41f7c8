"""Classifier-free guidance on x0."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.guidance import guided, with_guidance
from engine.schedules import Level

LEVEL = Level(0.6, 0.8)


def two() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    shape = (2, 4, 8, 8)
    return torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)


def test_guidance_of_x0_equals_guidance_of_the_noise() -> None:
    conditioned, unconditioned = two()
    x = torch.ones_like(conditioned)

    def eps(x0: Tensor) -> Tensor:
        return (x - LEVEL.alpha * x0) / LEVEL.sigma

    wanted = eps(unconditioned) + 3.0 * (eps(conditioned) - eps(unconditioned))
    assert torch.allclose(eps(guided(conditioned, unconditioned, 3.0)), wanted, atol=1e-5)


@pytest.mark.parametrize(("scale", "index"), [(1.0, 0), (0.0, 1)])
def test_scale_one_is_conditioned_and_scale_zero_is_not(scale: float, index: int) -> None:
    pair = two()
    assert torch.allclose(guided(*pair, scale), pair[index], atol=1e-6)


def test_full_rescaling_gives_each_candidate_the_conditioned_contrast() -> None:
    conditioned, unconditioned = two()
    x0 = guided(conditioned, unconditioned, 7.0, rescale=1.0)
    assert torch.allclose(x0.std(dim=(1, 2, 3)), conditioned.std(dim=(1, 2, 3)), rtol=1e-4)
    half = guided(conditioned, unconditioned, 7.0, rescale=0.5)
    plain = guided(conditioned, unconditioned, 7.0)
    assert torch.allclose(half, (x0 + plain) / 2, atol=1e-5)


def test_scale_one_never_calls_the_unconditioned_denoiser() -> None:
    conditioned, _ = two()

    def never(x: Tensor, level: Level) -> Tensor:
        raise AssertionError(x.shape, level)

    denoise = with_guidance(lambda x, level: conditioned, never, 1.0)  # noqa: ARG005
    assert torch.equal(denoise(conditioned, LEVEL), conditioned)


def test_a_guided_denoiser_mixes_both() -> None:
    conditioned, unconditioned = two()
    denoise = with_guidance(
        lambda x, level: conditioned,  # noqa: ARG005
        lambda x, level: unconditioned,  # noqa: ARG005
        2.0,
    )
    assert torch.equal(denoise(conditioned, LEVEL), guided(conditioned, unconditioned, 2.0))
