"""How a model is held in memory, decided from numbers before a byte of it is read.

A pure function: what the model needs and what is free go in, a placement or a refusal comes out.
What costs nothing is preferred, then what costs time, quality last: all on the device; one part at
a time there; blocks of the denoiser brought as they are needed; a transformer's weights rounded to
eight bits; layer by layer; main memory alone. Decoding in tiles is chosen whenever that lets a
cheaper way fit. What is found wrong while painting is still mended by `engine.shortage`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engine.api import Size
from engine.errors import OutOfMemoryError
from engine.residency.memory import Memory
from engine.residency.needs import Needs

Offload = Literal["none", "model", "group", "layer"]
GIB = 2**30
SLACK = 1.3  # times what was counted: workspaces of convolutions, fragments
RESERVE = 512 * 2**20  # bytes of a device left for its driver, kernels and the desktop
TILES = (1024, 768, 512, 256)  # sides (working pixels) of a decoding in tiles
_LAYER = 0.05  # share of a denoiser's weights in its largest layer
_READING = 256 * 2**20  # bytes a text tower works in
MATRIX_KINDS = ("mps", "xpu")  # devices whose attention may write its matrix down


class NothingFitsError(OutOfMemoryError):
    """The model fits nowhere here; the message says what it needs and what is free."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model's weights lie, and how it works within what is left.

    `device` computes. With `offload` weights rest in main memory and come when they are needed:
    a part at a time, a group of blocks, or a layer. `eight_bits` stores the denoiser's weights as
    fp8 and computes in `precision`. `decode_tile` is in working pixels, None = whole pictures.
    """

    device: str
    precision: str
    offload: Offload = "none"
    eight_bits: bool = False
    decode_tile: int | None = None
    chunked_attention: bool = False
    note: str = ""  # a sentence for the painter, where it is not the plain way

    @property
    def is_plain(self) -> bool:
        """Whether the model is loaded straight to its device and left there."""
        return self.offload == "none" and not (self.eight_bits or self.chunked_attention)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for and on what."""

    device: str
    precision: str
    memory: Memory
    working: Size
    rows: int = 2  # pictures a step denoises at once, guidance's second one included
    offloads: bool = True  # the family can be loaded aside, and brought to a device
    may_round: bool = True  # the precision was left to us
    offload: Offload | None = None  # the painter's own choice, where it fits


def planned(needs: Needs, wish: Wish) -> Placement:
    """Return how the model is held; NothingFitsError, with a sentence, where nothing fits."""
    needs = needs.in_precision(wish.precision)
    ways = list(_ways(needs, wish))
    chosen = [way for way in ways if way.offload == wish.offload]
    for placement in (*chosen, *ways):
        return placement
    free = wish.memory.device if wish.memory.has_device else wish.memory.main
    place = f"{_gib(free)} of the device's memory and " if wish.memory.has_device else ""
    raise NothingFitsError(
        f"The model needs {_gib(needs.weights)} for its weights alone, and {place}"
        f"{_gib(wish.memory.main)} of main memory are free. Close other programs, or choose a "
        "smaller model or one in a shorter precision."
    )


def batch_that_fits(needs: Needs, working: Size, free: int, *, guided: bool) -> int:
    """Return how many candidates of a working size a step can take, at least 1."""
    each = SLACK * needs.denoising(working, 2 if guided else 1)
    return max(1, int(free / each)) if each else 16


def tile_that_fits(needs: Needs, working: Size, free: float) -> int | None:
    """Return the side of decoding's tiles, None where whole pictures fit into so many bytes."""
    if SLACK * needs.decoding(working) <= free:
        return None
    for side in TILES:
        if SLACK * needs.decoding(Size(side, side)) <= free:
            return side
    return TILES[-1]


def _ways(needs: Needs, wish: Wish) -> Iterator[Placement]:
    """Yield the placements that fit, the best first."""
    if wish.memory.has_device:
        yield from _on_device(needs, wish)
        elsewhere = needs.in_precision("fp32" if wish.may_round else wish.precision)
    else:
        elsewhere = needs
    yield from _in_main(elsewhere, wish)


def _on_device(needs: Needs, wish: Wish) -> Iterator[Placement]:
    plain = Placement(
        wish.device,
        wish.precision,
        chunked_attention=wish.device.split(":")[0] in MATRIX_KINDS,
    )
    yield from _held(plain, needs, wish)
    yield from _held(replace(plain, offload="model"), needs, wish)
    yield from _held(replace(plain, offload="group"), needs, wish)
    work = needs.work
    if wish.may_round and work is not None and work.transformer:
        short = _rounded(needs)
        yield from _held(replace(plain, eight_bits=True), short, wish)
        yield from _held(replace(plain, eight_bits=True, offload="model"), short, wish)
    yield from _held(replace(plain, offload="layer"), needs, wish)


def _held(way: Placement, needs: Needs, wish: Wish) -> Iterator[Placement]:
    """Yield a way if what it keeps in each memory fits there, and its work beside it."""
    if way.offload != "none" and not (wish.offloads and needs.weights <= wish.memory.main):
        return
    left = wish.memory.device - RESERVE - resident(way, needs)
    if left >= _READING or way.offload == "none":
        yield from _tiled(way, needs, wish, left)


def resident(way: Placement, needs: Needs) -> int:
    """Return the most bytes of weights that lie on the device at one time."""
    if way.offload == "none":
        return needs.weights
    if needs.denoiser is None:  # one part of which nothing more is known
        return needs.weights
    denoiser = needs.parts[needs.denoiser]
    others = max((size for name, size in needs.parts.items() if name != needs.denoiser), default=0)
    if way.offload == "model":
        return max(denoiser, others)
    work = needs.work
    if way.offload == "group":
        return int(2 * (work.group if work else 0.5) * denoiser)  # one works, one arrives
    return int(2 * _LAYER * max(denoiser, others))


def _tiled(way: Placement, needs: Needs, wish: Wish, left: int) -> Iterator[Placement]:
    """Yield a way, its decoding tiled as far as it must, if its work fits into what is left."""
    if SLACK * needs.denoising(wish.working, wish.rows) > left:
        return
    tile = tile_that_fits(needs, wish.working, left)
    if tile is None or SLACK * needs.decoding(Size(tile, tile)) <= left:
        yield _told(replace(way, decode_tile=tile), needs, wish)


def _in_main(needs: Needs, wish: Wish) -> Iterator[Placement]:
    """Yield painting in main memory, in half the bytes where all of them are too many."""
    free = wish.memory.main
    way = Placement("cpu", needs.precision)
    yield from _tiled(way, needs, wish, free - needs.weights)
    if wish.may_round and needs.precision == "fp32":
        half = needs.in_precision("bf16")
        yield from _tiled(replace(way, precision="bf16"), half, wish, free - half.weights)


def _rounded(needs: Needs) -> Needs:
    """Return the needs with the denoiser stored as fp8; what is computed stays as it was."""
    parts = dict(needs.parts)
    if needs.denoiser is not None:
        parts[needs.denoiser] = parts[needs.denoiser] // 2
    return replace(needs, parts=parts)


def _told(way: Placement, needs: Needs, wish: Wish) -> Placement:
    """Return a way with the sentence that tells it, if it is not the plain one."""
    hows = {
        "model": "its parts take turns on the device",
        "group": "its blocks are brought to the device as they are needed, which takes longer",
        "layer": "its layers are brought to the device one by one, which takes much longer",
    }
    done = [hows[way.offload]] if way.offload in hows else []
    if way.device != wish.device:
        done.append("it paints in main memory, which takes much longer")
    if way.eight_bits:
        done.append("its weights are rounded to eight bits")
    if way.precision != wish.precision and way.device == wish.device:
        done.append(f"it is computed in {way.precision}")
    if way.decode_tile is not None:
        done.append(f"pictures are decoded in tiles of {way.decode_tile} pixels")
    if not done:
        return way
    free = wish.memory.device if wish.memory.has_device else wish.memory.main
    begin = f"The model needs {_gib(needs.weights)}, {_gib(free)} are free: "
    return replace(way, note=begin + "; ".join(done) + ".")


def _gib(size: float) -> str:
    return f"{max(0.0, size) / GIB:.1f} GiB"
