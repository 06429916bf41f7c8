"""SRVGG, the compact generator of Real-ESRGAN (arXiv:2107.10833): convolutions, then a shuffle.

What they make is added to the picture enlarged by nearest neighbour. Names of layers are those of
BasicSR's files, where convolutions and activations are numbered in turn.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from engine.upscalers.networks.shapes import Activation, Shape

SLOPE = 0.1  # of the leaky rectifiers


class SRVGGNet(nn.Module):
    """Pictures (N, C, h, w) in [0, 1] to (N, C, scale * h, scale * w), about in [0, 1]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        features, made = shape.features, shape.channels * shape.scale**2
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, features, 3, padding=1)]
        for _ in range(shape.blocks):
            layers += [
                _activation(shape.activation, features),
                nn.Conv2d(features, features, 3, padding=1),
            ]
        layers += [_activation(shape.activation, features), nn.Conv2d(features, made, 3, padding=1)]
        self.body = nn.Sequential(*layers)

    def forward(self, picture: Tensor) -> Tensor:
        """Return the picture enlarged."""
        detail = functional.pixel_shuffle(self.body(picture), self.shape.scale)
        return detail + functional.interpolate(picture, scale_factor=self.shape.scale)


def _activation(kind: Activation, features: int) -> nn.Module:
    match kind:
        case "prelu":
            return nn.PReLU(features)
        case "relu":
            return nn.ReLU()
        case "leakyrelu":
            return nn.LeakyReLU(SLOPE)
