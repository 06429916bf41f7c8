"""What there is to paint on: the canvas as it will be, what is known of it and selected.

Each mode of the table makes its scene here; everything after works on scenes and knows no modes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.api import MODES, Box, Extension, Mode, PaintRequest, Pixels, Size
from engine.canvas.masks import bounds
from engine.canvas.paste import Alpha
from engine.requests import DEFAULT_FACTOR, grown, old_box, scaled
from engine.upscalers import Upscaler
from engine.upscalers.resampling import lanczos


@dataclass(frozen=True, slots=True)
class Scene:
    """The canvas of one painting and what may change on it; everything in canvas space."""

    canvas: Size
    pixels: Pixels | None  # RGBA (H, W, 4); None where nothing is kept or shown
    selection: Pixels  # (H, W): what paint may reach
    old_box: Box  # where the picture that was sent lies
    alpha: Alpha = Alpha.OVER
    whole: bool = False  # the model sees all of it
    empties: bool = False  # what is selected is to be filled from its surroundings first
    like: Pixels | None = None  # RGBA of any size: paint something like it

    @property
    def span(self) -> Box:
        """The box of the selection."""
        return bounds(self.selection) or Box(0, 0, self.canvas.width, self.canvas.height)

    @property
    def extent(self) -> Box:
        """The box whose diagonal says how large the change is; a new border's depth squared."""
        if self.old_box.size == self.canvas or not self.empties:
            return self.span
        old = self.old_box
        depth = max(
            old.left, old.top, self.canvas.width - old.right, self.canvas.height - old.bottom
        )
        return Box(0, 0, depth, depth)


def scene(request: PaintRequest, native: Size, upscale: Upscaler = lanczos) -> Scene:
    """Return the scene of a checked request, for a model of this native size."""
    if request.mode is Mode.UPSCALE:
        return _upscale(request, upscale)
    return _MAKERS[request.mode](request, native)


def strength_of(request: PaintRequest) -> float:
    """Return the strength asked for, or the mode's own."""
    return MODES[request.mode].strength if request.strength is None else request.strength


def size_of(pixels: Pixels) -> Size:
    """Return the width and height of pixels (H, W[, C])."""
    return Size(pixels.shape[1], pixels.shape[0])


def _given(image: Pixels | None) -> Pixels:
    """Return the request's image, which a checked request of these modes has."""
    if image is None:
        raise ValueError("This mode needs an image; pass the request through checked() first.")
    return image


def _everything(size: Size) -> Pixels:
    """Return a selection of all of a canvas."""
    return np.full((size.height, size.width), 255, np.uint8)


def _box(size: Size) -> Box:
    """Return the box of all of a canvas."""
    return Box(0, 0, size.width, size.height)


def _generate(request: PaintRequest, native: Size) -> Scene:
    """Return an empty canvas, painted everywhere."""
    canvas = request.size or native
    return Scene(canvas, None, _everything(canvas), _box(canvas), whole=True)


def _vary(request: PaintRequest, native: Size) -> Scene:  # noqa: ARG001  one signature for all modes
    """Return an empty canvas, as large as asked or as the picture to vary."""
    image = _given(request.image)
    canvas = request.size or size_of(image)
    return Scene(canvas, None, _everything(canvas), _box(canvas), whole=True, like=image)


def _inpaint(request: PaintRequest, native: Size) -> Scene:  # noqa: ARG001
    """Return the picture, painted where selected; at full strength what was there is forgotten."""
    image = _given(request.image)
    canvas = size_of(image)
    selection = _everything(canvas) if request.mask is None else request.mask
    empties = strength_of(request) >= 1.0
    return Scene(canvas, image, selection, _box(canvas), empties=empties)


def _refine(request: PaintRequest, native: Size) -> Scene:
    """Return the picture, repainted where selected; without a selection all, in its shape."""
    if request.mask is not None:
        return replace(_inpaint(request, native), empties=False)
    image = _given(request.image)
    canvas = size_of(image)
    own_shape = np.ascontiguousarray(image[..., 3])
    return Scene(canvas, image, own_shape, _box(canvas), alpha=Alpha.KEEP, whole=True)


def _outpaint(request: PaintRequest, native: Size) -> Scene:  # noqa: ARG001
    """Return a grown canvas, transparent and selected where it is new."""
    image, by = _given(request.image), request.extension or Extension()
    size = size_of(image)
    canvas = grown(size, by)
    old = old_box(size, by)
    pixels = np.zeros((canvas.height, canvas.width, 4), np.uint8)
    pixels[old.top : old.bottom, old.left : old.right] = image
    selection = _everything(canvas)
    selection[old.top : old.bottom, old.left : old.right] = 0
    return Scene(canvas, pixels, selection, old, empties=True)


def _upscale(request: PaintRequest, upscale: Upscaler) -> Scene:
    """Return the picture enlarged, to be refined everywhere in its own shape."""
    image = _given(request.image)
    factor = DEFAULT_FACTOR if request.factor is None else request.factor
    canvas = scaled(size_of(image), factor)
    pixels = upscale(image, canvas)
    own_shape = np.ascontiguousarray(pixels[..., 3])
    return Scene(canvas, pixels, own_shape, _box(canvas), alpha=Alpha.KEEP, whole=True)


_MAKERS: Mapping[Mode, Callable[[PaintRequest, Size], Scene]] = {
    Mode.GENERATE: _generate,
    Mode.INPAINT: _inpaint,
    Mode.OUTPAINT: _outpaint,
    Mode.REFINE: _refine,
    Mode.VARY: _vary,
}
