"""An invisible mark in the paint, by which a picture is known when its texts were stripped.

Off unless the settings file says `[options.watermark]` and `enabled = true`. It says that Mahlstick
painted here and nothing else: no name, no number, no prompt. Blocks of 8 x 8 pixels that lie wholly
inside the paste mask carry one sign each, in the order of two middle frequencies of their
brightness; the signs are a fixed pattern that repeats every 32 blocks. It survives JPEG of good
quality, crops and changes of brightness, not scaling or turning. (Quantisation of pairs of DCT
coefficients: Koch and Zhao 1995; search for the pattern by correlation: Cox et al. 1997.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import PluginError
from engine.hookspecs import Options, hookimpl
from engine.stamps import Stamp

if TYPE_CHECKING:
    from engine.api import Pixels

BLOCK, PERIOD = 8, 32  # pixels of a block's side, blocks after which the pattern repeats
MARGIN = 10.0  # by which the two frequencies are made to differ: 1 or 2 levels of a pixel
MOST = 20.0  # of change in a block whose own texture says the opposite
SURE = 7.0  # standard deviations; the best of 65,536 places in unmarked pictures reaches 4 to 5
_PAIR = ((2, 3), (3, 2))
_KEY = 0x4D61686C
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Finding:
    """How surely a picture is marked: `score` in standard deviations of an unmarked one's."""

    score: float

    @property
    def marked(self) -> bool:
        """Whether chance can be ruled out."""
        return self.score > SURE


class Watermark:
    """Marks every result of an engine."""

    @hookimpl
    def mahlstick_stamp(self, image: Pixels, record: Mapping[str, Any]) -> Stamp:
        """Add the mark where the patch is opaque, and say so in the record."""
        box = record["boxes"]["paste_box_canvas"]
        return Stamp({"watermark": 1}, marked(image, (box["left"], box["top"])))


def marked(patch: Pixels, origin: tuple[int, int]) -> Pixels:
    """Return a patch RGBA uint8 (h, w, 4) with the mark; `origin` is its (x, y) on the canvas.

    Blocks lie on the canvas's own grid. Alpha, and what is not opaque, stays as it is.
    """
    left, top = (-place % BLOCK for place in origin)
    whole = patch[top:, left:]
    rows, columns = whole.shape[0] // BLOCK, whole.shape[1] // BLOCK
    if rows == 0 or columns == 0:
        return patch
    area = whole[: rows * BLOCK, : columns * BLOCK]
    x, y = ((place + rest) // BLOCK for place, rest in zip(origin, (left, top), strict=True))
    signs = np.roll(_pattern(), (-y, -x), (0, 1))
    signs = signs[np.arange(rows)[:, None] % PERIOD, np.arange(columns) % PERIOD]
    opaque = (_blocks(area[..., 3]) == 255).all((-2, -1))  # (rows, columns)
    first, second = _frequencies(_blocks(area[..., :3] @ _LUMA))
    lacking = np.clip(MARGIN - signs * (first - second), 0, MOST) * signs * opaque / 2
    change = lacking[..., None, None] * (_wave(_PAIR[0]) - _wave(_PAIR[1]))  # brightness
    shifted = area[..., :3] + _picture(change.astype(np.float32))[..., None]
    made = patch.copy()
    inside = made[top : top + rows * BLOCK, left : left + columns * BLOCK]
    inside[..., :3] = np.clip(np.rint(shifted), 0, 255).astype(np.uint8)
    return made


def watermark_of(picture: Pixels) -> Finding:
    """Return how surely a picture RGB or RGBA uint8 (h, w, C) is marked, cropped or not."""
    luma = picture[..., :3] @ _LUMA
    scores = [_score(luma[top:, left:]) for top in range(BLOCK) for left in range(BLOCK)]
    return Finding(max(scores))


def _score(luma: Floats) -> float:
    """Return the best agreement with the pattern, wherever its corner lies."""
    rows, columns = luma.shape[0] // BLOCK, luma.shape[1] // BLOCK
    if rows == 0 or columns == 0:
        return 0.0
    first, second = _frequencies(_blocks(luma[: rows * BLOCK, : columns * BLOCK]))
    # Smooth blocks of unmarked pictures have no order at all and must not vote.
    votes = np.sign(first - second) * (np.abs(first - second) > 0.5)
    folded = np.zeros((PERIOD, PERIOD))
    places = np.arange(rows)[:, None] % PERIOD, np.arange(columns) % PERIOD
    np.add.at(folded, (np.broadcast_to(places[0], votes.shape), places[1]), votes)
    agreement = np.fft.ifft2(np.fft.fft2(folded) * np.conj(np.fft.fft2(_pattern()))).real
    return float(agreement.max() / np.sqrt(max(1.0, np.abs(votes).sum())))


def _pattern() -> Floats:
    signs = np.random.default_rng(_KEY).integers(0, 2, (PERIOD, PERIOD)) * 2 - 1
    return signs.astype(np.float32)


def _wave(frequency: tuple[int, int]) -> Floats:
    """Return one wave of the orthonormal cosine transform, (8, 8)."""
    ticks = (2 * np.arange(BLOCK) + 1) * np.pi / (2 * BLOCK)
    down, across = (np.cos(k * ticks) * np.sqrt(2 / BLOCK) for k in frequency)
    return np.outer(down, across).astype(np.float32)


def _frequencies(blocks: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the two frequencies of every block, (rows, columns) each."""
    first, second = (np.einsum("rcyx,yx->rc", blocks, _wave(pair)) for pair in _PAIR)
    return first, second


def _blocks(plane: NDArray[Any]) -> NDArray[Any]:
    """A plane (8 r, 8 c) as blocks (r, c, 8, 8)."""
    rows, columns = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    return plane.reshape(rows, BLOCK, columns, BLOCK).swapaxes(1, 2)


def _picture(blocks: Floats) -> Floats:
    """Blocks (r, c, 8, 8) as a plane (8 r, 8 c)."""
    rows, columns = blocks.shape[:2]
    return blocks.swapaxes(1, 2).reshape(rows * BLOCK, columns * BLOCK)


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Make the marker where the settings ask for it."""
    section = options.get("watermark", {})
    enabled = section.get("enabled", False)
    if not isinstance(enabled, bool) or set(section) - {"enabled"}:
        raise PluginError(
            f"[options.watermark] is {dict(section)!r}; accepted is `enabled = true` or `false`."
        )
    return [Watermark()] if enabled else []
