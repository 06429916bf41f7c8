"""The patch autoencoder: pictures to latents by one fixed linear map, and back by a small painter.

The analysis takes a picture at half size in patches of 8 x 8 pixels and keeps each patch's
principal components: colours first, then slopes, then corners. Because a latent knows nothing
beyond its own patch, what lies in a hole can never leak into the latents around it. The way back
begins with the linear inverse, enlarged, and adds what convolutions have learned about the edges
of drawn things.
"""

from __future__ import annotations

from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn
from torch.nn import functional

PATCH = 8  # pixels of the half-size picture
HALVING = 2
CELL = PATCH * HALVING  # pixels of the picture that one latent stands for


class Block(nn.Module):
    """A residual block without normalisation: the picture's own scale matters."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, width, h, w) to the same shape."""
        return x + self.second(functional.silu(self.first(functional.silu(x))))


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(Block(width) for _ in range(count)))


class PatchAutoencoder(ModelMixin, ConfigMixin):
    """Pictures (N, 3, H, W) in [-1, 1] to latents (N, C, H/16, W/16) and back."""

    @register_to_config
    def __init__(
        self,
        latent_channels: int = 12,
        widths: tuple[int, int, int] = (128, 96, 64),
        blocks: tuple[int, int, int] = (2, 2, 3),
    ) -> None:
        super().__init__()
        self.analysis = nn.Conv2d(3, latent_channels, PATCH, stride=PATCH)
        self.synthesis = nn.ConvTranspose2d(latent_channels, 3, PATCH, stride=PATCH)
        low, middle, high = widths
        self.enter = nn.Conv2d(latent_channels, low, 3, padding=1)
        self.low = _blocks(low, blocks[0])
        self.to_middle = nn.Conv2d(low, 4 * middle, 1)
        self.middle = _blocks(middle, blocks[1])
        self.to_high = nn.Conv2d(middle, 4 * high, 1)
        self.high = _blocks(high, blocks[2])
        self.leave = nn.Conv2d(high, 3 * 16, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        if self.leave.bias is not None:
            nn.init.zeros_(self.leave.bias)

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) to latents (N, C, H/16, W/16)."""
        return self.analysis(functional.avg_pool2d(pictures, HALVING))

    def linear(self, latents: Tensor) -> Tensor:
        """Latents (N, C, h, w) to blurry pictures (N, 3, 8 h, 8 w): the analysis backwards."""
        return self.synthesis(latents)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents (N, C, h, w) to pictures (N, 3, 16 h, 16 w)."""
        x = self.low(self.enter(latents))
        x = functional.pixel_shuffle(self.to_middle(x), 2)  # (N, middle, 2 h, 2 w)
        x = functional.pixel_shuffle(self.to_high(self.middle(x)), 2)  # (N, high, 4 h, 4 w)
        detail = functional.pixel_shuffle(self.leave(self.high(x)), 4)  # (N, 3, 16 h, 16 w)
        smooth = functional.interpolate(self.linear(latents), scale_factor=2, mode="bilinear")
        return smooth + detail

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures there and back."""
        return self.decode(self.encode(pictures))
