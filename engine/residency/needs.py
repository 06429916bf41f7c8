"""What a model takes in memory, told before it is loaded: its weights, and its work.

Weights come from headers. What the networks need while they run is linear in the size of the
picture as long as attention does not write its matrix down; the slopes below were measured on the
published configurations, run without memory on torch's meta device (`tests/engine/residency`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.api import Size
from engine.checkpoints.identity import Identity, identified
from engine.weights import weight_files

ITEM_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1}
_FILE_BYTES = {"fp64": 8.0, **{name: float(size) for name, size in ITEM_BYTES.items()}}
_FILE_BYTES |= {"fp8_e5m2": 1.0, "int8": 1.0, "fp4": 0.5}
DENOISERS = ("transformer", "unet", "decoder")  # the part that works every step, as it is called
WEIGHTS = "weights"  # the one part of a model of which nothing more is known
BORROWED = ("prior", "text_encoder", "image_encoder")  # what an unCLIP decoder needs of others
TEXT = 512  # words of a prompt, at most, that a transformer sees beside the picture


@dataclass(frozen=True, slots=True)
class Work:
    """What a denoiser needs while it runs, and how its layers are grouped.

    `numbers` is how many it holds at once for every cell of `cell` pixels by side; `group` is the
    share of its weights in the largest block, which cannot be taken apart by groups.
    """

    numbers: float
    cell: int = 8
    text: int = 0  # cells more, for the words
    group: float = 0.45
    transformer: bool = False


def _unet(channels: int, multiples: float) -> Work:
    return Work(channels * multiples)


def _transformer(width: int, multiples: float, group: float = 0.1) -> Work:
    return Work(width * multiples, cell=16, text=TEXT, group=group, transformer=True)


WORK: Mapping[str, Work] = {
    "sd1": _unet(320, 26.0),
    "sd2": _unet(320, 26.0),
    "sdxl": _unet(320, 16.0),
    "sdxl-refiner": _unet(384, 16.0),
    "kandinsky22": _unet(384, 26.0),
    "stable-unclip": _unet(320, 26.0),
    "karlo": Work(320 * 26.0, cell=4),
    "sd3": _transformer(2432, 13.0),
    "flux1": _transformer(3072, 18.0),
    "chroma": _transformer(3072, 20.0),
    "flux2": _transformer(6144, 23.0),
    "z-image": _transformer(3840, 16.5),
    "qwen-image": _transformer(3072, 18.0),
}
_DECODING = 768.0  # numbers a pixel that an autoencoder of the usual widths holds at once
_OVERFLOWING = ("sdxl", "sdxl-refiner")  # their autoencoders leave fp16's range: decoded in fp32


@dataclass(frozen=True, slots=True)
class Needs:
    """The bytes of a model's parts in the precision that they are computed in."""

    parts: Mapping[str, int]
    architecture: str | None = None
    precision: str = "fp32"

    @property
    def weights(self) -> int:
        """All weights together."""
        return sum(self.parts.values())

    @property
    def denoiser(self) -> str | None:
        """The name of the part that works every step, None where that is unknown."""
        return next((name for name in DENOISERS if name in self.parts), None)

    @property
    def work(self) -> Work | None:
        """What its denoiser needs while it runs, None for architectures nobody measured."""
        return WORK.get(self.architecture or "")

    def denoising(self, working: Size, rows: int) -> int:
        """Return the bytes that a step takes beside weights; `rows` counts guidance's twice."""
        work = self.work
        if work is None:
            return 0
        cells = -(-working.width // work.cell) * -(-working.height // work.cell) + work.text
        return int(cells * rows * work.numbers * ITEM_BYTES[self.precision])

    def decoding(self, size: Size) -> int:
        """Return the bytes that decoding one picture, or tile of it, takes beside weights."""
        if self.work is None:
            return 0
        short = self.precision == "fp16" and self.architecture not in _OVERFLOWING
        item = 2 if short or self.precision == "bf16" else 4
        return int(size.width * size.height * _DECODING * item)

    def in_precision(self, precision: str) -> Needs:
        """Return what the same model takes in another precision."""
        ratio = ITEM_BYTES[precision] / ITEM_BYTES[self.precision]
        parts = {name: int(size * ratio) for name, size in self.parts.items()}
        return replace(self, parts=parts, precision=precision)


def needs_of(path: Path, precision: str) -> Needs:
    """Return what a model takes; of a kind that is not recognised, what its files take."""
    found = identified(path)
    if found.kind != "checkpoint" or not found.part_bytes:
        files = sum(file.stat().st_size for file in weight_files(path))
        return Needs({WEIGHTS: files}, None, precision)
    ratio = ITEM_BYTES[precision] / _bytes_in_file(found)
    parts = {name: int(size * ratio) for name, size in found.part_bytes.items()}
    return Needs(parts, found.architecture, precision)


def with_beside(needs: Needs, beside: Sequence[Path]) -> Needs:
    """Return what a model takes together with the parts that it borrows from other folders."""
    parts = dict(needs.parts)
    for folder in beside:
        for name, size in needs_of(folder, needs.precision).parts.items():
            if name in BORROWED:
                parts[f"{folder.name}/{name}"] = size
    return replace(needs, parts=parts)


def _bytes_in_file(found: Identity) -> float:
    """Return the bytes of a number in the files; mixed ones count as their largest share's."""
    told = (found.precision or "fp16").split("+")[0]
    return _FILE_BYTES.get(told, 2.0)
