"""Pictures after a CLIP image encoder: what unCLIP decoders paint from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from engine.checkpoints.folders import read_config

_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of what CLIP was trained on, RGB in [0, 1]
_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True, slots=True)
class Eye:
    """An image encoder, and how pictures are brought to it."""

    network: Any
    device: str  # that computes
    mean: tuple[float, ...] = _MEAN
    std: tuple[float, ...] = _STD

    @property
    def side(self) -> int:
        """Width and height of what it looks at."""
        return int(self.network.config.image_size)

    def see(self, pictures: Tensor) -> Tensor:
        """Return the embeddings (N, D) of the middles of pictures (N, 3, H, W) in [-1, 1]."""
        return self.embed(self.prepared(pictures))

    def prepared(self, pictures: Tensor) -> Tensor:
        """Return pictures as the encoder takes them: (N, 3, side, side), normalised."""
        height, width = pictures.shape[-2:]
        scale = self.side / min(height, width)
        size = max(self.side, round(height * scale)), max(self.side, round(width * scale))
        small = interpolate(
            pictures.to(self.device).float(), size, mode="bicubic", antialias=True
        ).clamp(-1.0, 1.0)
        top, left = (size[0] - self.side) // 2, (size[1] - self.side) // 2
        square = small[..., top : top + self.side, left : left + self.side] / 2 + 0.5
        mean, std = (square.new_tensor(each)[:, None, None] for each in (self.mean, self.std))
        return (square - mean) / std

    def embed(self, prepared: Tensor) -> Tensor:
        """Return the embeddings (N, D) of prepared pictures."""
        return self.network(prepared.to(self.network.dtype)).image_embeds

    def nothing(self) -> Tensor:
        """Return the embedding (1, D) of an even grey, which stands for no picture at all."""
        return self.embed(torch.zeros(1, 3, self.side, self.side, device=self.device))


def eye(network: Any, settings: Path, device: str) -> Eye:  # noqa: ANN401 - as all networks
    """Return an image encoder with the settings of a folder, the usual ones where it has none."""
    file = settings / "preprocessor_config.json"
    told = read_config(file) if file.is_file() else {}
    mean, std = told.get("image_mean", _MEAN), told.get("image_std", _STD)
    return Eye(network, device, tuple(map(float, mean)), tuple(map(float, std)))
