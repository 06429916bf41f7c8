"""The drawn data sets, rendered once by all cores into one flat file each."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.embedded.world import Scene, drawn, imagined

log = logging.getLogger(__name__)
_CHUNK = 128


@dataclass(frozen=True, slots=True)
class PictureSet:
    """Scenes `first` to `first + count`, drawn at one size."""

    folder: Path
    name: str
    first: int
    count: int
    height: int
    aspect: float = 1.0

    @property
    def path(self) -> Path:
        """The file that holds the pixels."""
        return self.folder / f"{self.name}.npy"

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """The shape (count, height, width, 3)."""
        return self.count, self.height, round(self.height * self.aspect), 3

    def scene(self, index: int) -> Scene:
        """Return what picture `index` shows."""
        return imagined(self.first + index, self.aspect)

    def pixels(self) -> NDArray[np.uint8]:
        """Return all pictures, uint8 (count, H, W, 3), drawn first where they were not."""
        if not self.path.exists():
            self._render()
        return np.load(self.path, mmap_mode="r")

    def _render(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part.npy")
        store = np.lib.format.open_memmap(part, mode="w+", dtype=np.uint8, shape=self.shape)
        del store
        chunks = [(self, part, start) for start in range(0, self.count, _CHUNK)]
        if len(chunks) == 1:
            _draw_chunk(chunks[0])
        else:
            self._draw_together(chunks)
        part.replace(self.path)

    def _draw_together(self, chunks: Sequence[tuple[PictureSet, Path, int]]) -> None:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            for done, _ in enumerate(pool.map(_draw_chunk, chunks), 1):
                if done % 20 == 0:
                    log.info("%s: %d of %d drawn", self.name, done * _CHUNK, self.count)


def _draw_chunk(task: tuple[PictureSet, Path, int]) -> None:
    pictures, path, start = task
    cv2.setNumThreads(1)
    store = np.load(path, mmap_mode="r+")
    for index in range(start, min(start + _CHUNK, pictures.count)):
        store[index] = drawn(pictures.scene(index), pictures.height).pixels
    store.flush()


def tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """Return pictures uint8 (N, H, W, 3) as float (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1
