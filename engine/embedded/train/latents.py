"""What the frozen parts say of every picture, computed once: latents and image embeddings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.embedded.train.loop import learned
from engine.embedded.train.pictures import PictureSet, tensor
from engine.embedded.train.recipe import Recipe

_BATCH = 128


@dataclass(frozen=True, slots=True)
class Cached:
    """Latents (N, C, h, w) of a picture set, fp16."""

    pictures: PictureSet
    latents: NDArray[np.float16]


def trained(module: nn.Module, stage: str, recipe: Recipe) -> nn.Module:
    """Return a stage's averaged module from its checkpoint, frozen."""
    return learned(module, recipe.runs / stage)


def _kept(path: Path, make: Callable[[], Iterator[Tensor]]) -> NDArray[np.float16]:
    """Return what a file holds; where it is missing, it is made batch by batch."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with torch.no_grad():
            rows = [batch.float().cpu().numpy().astype(np.float16) for batch in make()]
        np.save(path, np.concatenate(rows))
    return np.load(path)


def _batches(pictures: PictureSet) -> Iterator[Tensor]:
    pixels = pictures.pixels()
    for start in range(0, len(pixels), _BATCH):
        yield tensor(pixels[start : start + _BATCH])


def seen_square(pictures: Tensor, side: int = 128) -> Tensor:
    """Return pictures (N, 3, H, W) as CLIP sees them: squeezed to (N, 3, side, side)."""
    if pictures.shape[-2:] == (side, side):
        return pictures
    return functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True)


def preview_matrix(latents: Tensor, pixels: NDArray[np.uint8]) -> list[list[float]]:
    """Return the affine map (C + 1, 3) from latents to RGB in [0, 1], by least squares."""
    small = functional.avg_pool2d(tensor(pixels) * 0.5 + 0.5, 8)
    known = latents.movedim(1, -1).reshape(-1, latents.shape[1])  # (N h w, C)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    wanted = small.movedim(1, -1).reshape(-1, 3)
    return torch.linalg.lstsq(known, wanted).solution.tolist()


def caches(recipe: Recipe) -> list[Cached]:
    """Return the latents of all sets."""
    from engine.embedded.train.painter import new_autoencoder

    vae, folder = new_autoencoder(recipe), recipe.runs / "latents"
    return [
        Cached(
            pictures,
            _kept(
                folder / f"{pictures.name}.npy",
                lambda pictures=pictures: (vae.analysis(batch) for batch in _batches(pictures)),
            ),
        )
        for pictures in (recipe.base_pictures(), recipe.wide_pictures())
    ]


def embeddings(recipe: Recipe) -> list[NDArray[np.float16]]:
    """Return the unit image embeddings (N, D) of all sets."""
    from engine.embedded.train.clip import learned_towers

    towers, folder = learned_towers(recipe), recipe.runs / "embeddings"

    def seen(pictures: PictureSet) -> Iterator[Tensor]:
        for batch in _batches(pictures):
            with recipe.lowered():
                yield towers.pictures(seen_square(batch.to(recipe.device)))

    return [
        _kept(folder / f"{pictures.name}.npy", lambda pictures=pictures: seen(pictures))
        for pictures in (recipe.base_pictures(), recipe.wide_pictures())
    ]


def numbers(recipe: Recipe) -> dict[str, list[list[float]]]:
    """Return what painting needs besides the weights."""
    first = caches(recipe)[0]
    some = torch.from_numpy(first.latents[:512].astype(np.float32))
    return {"preview": preview_matrix(some, first.pictures.pixels()[:512])}
