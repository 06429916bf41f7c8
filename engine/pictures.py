"""Between pixels and tensors: uint8 (H, W, 3) here, float32 (1, 3, H, W) in [-1, 1] there."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.api import Pixels


def as_tensor(picture: Pixels, device: str) -> Tensor:
    """Return an RGB uint8 picture (H, W, 3) as float32 (1, 3, H, W) in [-1, 1]."""
    flat = torch.from_numpy(np.array(picture[..., :3], np.float32))
    return (flat / 127.5 - 1.0).permute(2, 0, 1)[None].contiguous().to(device)


def as_mask(mask: NDArray[np.float32], device: str) -> Tensor:
    """Return a float mask (H, W) in [0, 1] as (1, 1, H, W)."""
    return torch.from_numpy(np.array(mask, np.float32))[None, None].to(device)


def as_pixels(picture: Tensor) -> Pixels:
    """Return a picture (3, H, W) in [-1, 1] as RGB uint8 (H, W, 3), rounded to the nearest."""
    scaled = ((picture.float().clamp(-1.0, 1.0) + 1.0) * 127.5).round()
    return scaled.permute(1, 2, 0).to(torch.uint8).cpu().numpy()
