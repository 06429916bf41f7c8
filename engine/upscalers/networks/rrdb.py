"""RRDBNet: Wang et al. 2018 (arXiv:1809.00219), and as Real-ESRGAN uses it (arXiv:2107.10833).

Residual blocks of dense blocks without normalisation, then nearest-neighbour doublings, each with a
convolution. Networks of scale 1 and 2 turn blocks of pixels into channels first and double twice
all the same. ESRGAN+ (Rakotonirina and Rasoanaivo 2020, arXiv:2001.08073) has further residuals
inside the dense blocks. Names of layers are those of BasicSR's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.upscalers.networks.shapes import Shape

SLOPE = 0.2  # of the leaky rectifiers
RESIDUAL = 0.2  # how much of what a block makes is added to what it was given
CONVOLUTIONS = 5


class DenseBlock(nn.Module):
    """Five convolutions, each given what all before it made; (N, features, h, w) in and out."""

    def __init__(self, features: int, growth: int, plus: bool) -> None:
        super().__init__()
        for i in range(CONVOLUTIONS):
            made = growth if i < CONVOLUTIONS - 1 else features
            self.add_module(f"conv{i + 1}", _convolution(features + i * growth, made))
        self.conv1x1 = nn.Conv2d(features, growth, 1, bias=False) if plus else None

    def forward(self, x: Tensor) -> Tensor:
        """Return x and a fifth of what the block makes of it."""
        made = [x]
        for i in range(1, CONVOLUTIONS):
            made.append(_rectified(self.get_submodule(f"conv{i}")(torch.cat(made, dim=1))))
            if self.conv1x1 is not None and i % 2 == 0:
                made[i] = made[i] + (self.conv1x1(x) if i == 2 else made[2])
        return x + RESIDUAL * self.get_submodule(f"conv{CONVOLUTIONS}")(torch.cat(made, dim=1))


class ResidualBlock(nn.Module):
    """Three dense blocks and a residual around them."""

    def __init__(self, features: int, growth: int, plus: bool) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth, plus) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """Return x and a fifth of what the blocks make of it."""
        return x + RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """Pictures (N, C, h, w) in [0, 1] to (N, C, scale * h, scale * w), about in [0, 1].

    h and w are multiples of `shape.shuffle`.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        features, blocks = shape.features, range(shape.blocks)
        self.shape = shape
        self.conv_first = _convolution(shape.channels * shape.shuffle**2, features)
        self.body = nn.Sequential(
            *(ResidualBlock(features, shape.growth, shape.plus) for _ in blocks)
        )
        self.conv_body = _convolution(features, features)
        for i in range(shape.upsamplings):
            self.add_module(f"conv_up{i + 1}", _convolution(features, features))
        self.conv_hr = _convolution(features, features)
        self.conv_last = _convolution(features, shape.channels)

    @property
    def doublings(self) -> Sequence[nn.Module]:
        """The convolutions that follow each doubling."""
        count = cast("Shape", self.shape).upsamplings
        return [self.get_submodule(f"conv_up{i + 1}") for i in range(count)]

    def forward(self, picture: Tensor) -> Tensor:
        """Return the picture enlarged."""
        x = self.conv_first(functional.pixel_unshuffle(picture, self.shape.shuffle))
        x = x + self.conv_body(self.body(x))
        for convolution in self.doublings:
            doubled = functional.interpolate(x, scale_factor=2, mode="nearest")
            x = _rectified(convolution(doubled))
        return self.conv_last(_rectified(self.conv_hr(x)))


def _convolution(taken: int, made: int) -> nn.Conv2d:
    return nn.Conv2d(taken, made, 3, padding=1)


def _rectified(x: Tensor) -> Tensor:
    return functional.leaky_relu_(x, SLOPE)
