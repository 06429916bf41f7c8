"""A GIMP image as the picture Mahlstick paints into: reading it, and where a new layer goes.

Pixels are asked for as sRGB with straight alpha, 8 bits ("R'G'B'A u8"): GEGL converts gray,
indexed, 16-bit, float and every profile. Rectangles are in image pixels. Main thread only, like all
of libgimp.
"""

from __future__ import annotations

from dataclasses import dataclass

from .arguments import Source
from .errors import PainterError
from .host import Foreign, Gegl, Gimp
from .language import tr
from .protocol import Rect
from .undo import no_step

PIXELS = "R'G'B'A u8"
MASK = "Y u8"


@dataclass(frozen=True)
class Place:
    """Where in the layer tree a new layer goes."""

    parent: Foreign  # a Gimp.GroupLayer, or None for the top level
    position: int


@dataclass(frozen=True)
class Snapshot:
    """One box of the image as it was when the painter asked."""

    box: Rect
    pixels: bytes  # RGBA8
    selection: bytes  # gray8, 0 = not selected


class Canvas:
    """Reads one GIMP image. `source` says whether all that is visible is read, or one layer."""

    def __init__(
        self, image: Foreign, drawables: list[Foreign], source: Source = "visible"
    ) -> None:
        self.image = image
        self.drawables = drawables
        self._layer = _as_layer(drawables) if source == "layer" else None

    @property
    def width(self) -> int:
        """The image's width in pixels."""
        return self.image.get_width()

    @property
    def height(self) -> int:
        """The image's height in pixels."""
        return self.image.get_height()

    def is_open(self) -> bool:
        """Whether the painter still has the image; false after it was closed."""
        return self.image.is_valid()

    @property
    def box(self) -> Rect:
        """The whole image."""
        return Rect(0, 0, self.width, self.height)

    def has_selection(self) -> bool:
        """Whether anything is selected."""
        return bool(Gimp.Selection.bounds(self.image)[1])

    def selection_box(self) -> Rect:
        """The box around the selection; the whole image when nothing is selected."""
        _, _, left, top, right, bottom = Gimp.Selection.bounds(self.image)
        return Rect(left, top, right - left, bottom - top)

    def snapshot(self, box: Rect) -> Snapshot:
        """Pixels and selection of `box`; transparent and unselected where it leaves the image."""
        return Snapshot(box, self._pixels(box), self._selection(box))

    def place(self) -> Place:
        """Right above what was read, so that paint covers exactly that."""
        return Place(None, 0) if self._layer is None else self.place_above(self._layer)

    def place_above(self, layer: Foreign) -> Place:
        """Right above a layer."""
        return Place(layer.get_parent(), self.image.get_item_position(layer))

    def snapshot_without(self, layer: Foreign, box: Rect) -> Snapshot:
        """What is visible of `box` when a layer is hidden; nothing of that is an undo step."""
        was = layer.get_visible()
        with no_step(self.image):
            layer.set_visible(False)
            try:
                return Snapshot(box, self._visible_pixels(box), self._selection(box))
            finally:
                layer.set_visible(was)

    def require_paintable(self) -> None:
        """PainterError while GIMP would refuse a new layer."""
        if self.image.get_floating_sel() is not None:
            raise PainterError(
                tr(
                    "A floating selection is in the way. Anchor it (Layer > Anchor Layer) or make "
                    "it a layer of its own, then try again."
                )
            )

    def _pixels(self, box: Rect) -> bytes:
        if self._layer is not None:
            return read_layer(self._layer, box)
        return self._visible_pixels(box)

    def _visible_pixels(self, box: Rect) -> bytes:
        # The projection has no buffer of its own in libgimp; a layer made from it does.
        visible = Gimp.Layer.new_from_visible(self.image, self.image, "visible")
        try:
            return read_layer(visible, box)
        finally:
            visible.delete()

    def _selection(self, box: Rect) -> bytes:
        return _read(self.image.get_selection().get_buffer(), box, MASK)


def gegl_box(box: Rect) -> Foreign:
    """The same rectangle as GEGL's own type."""
    return Gegl.Rectangle.new(box.left, box.top, box.width, box.height)


def _as_layer(drawables: list[Foreign]) -> Foreign:
    layers = [drawable for drawable in drawables if isinstance(drawable, Gimp.Layer)]
    if len(layers) != 1:
        raise PainterError(
            tr(
                "One layer is needed to read from, but {count} are selected. Select one layer, or "
                "let Mahlstick see all that is visible.",
                count=len(layers),
            )
        )
    return layers[0]


def read_layer(layer: Foreign, box: Rect) -> bytes:
    """The RGBA8 pixels of a box of the image in a layer; transparent where that does not reach."""
    _, left, top = layer.get_offsets()
    inside = Rect(box.left - left, box.top - top, box.width, box.height)
    return _read(layer.get_buffer(), inside, PIXELS)


def read_mask(layer: Foreign) -> tuple[Rect, bytes]:
    """Where a layer lies in the image, and what it lets through there as gray8."""
    _, left, top = layer.get_offsets()
    width, height = layer.get_width(), layer.get_height()
    box, mask = Rect(left, top, width, height), layer.get_mask()
    if mask is not None:
        return box, _read(mask.get_buffer(), Rect(0, 0, width, height), MASK)
    return box, read_layer(layer, box)[3::4]


def _read(buffer: Foreign, box: Rect, pixel_format: str) -> bytes:
    # NONE pads with zeros; the other policies would repeat border pixels outside the layer.
    return buffer.get(gegl_box(box), 1.0, pixel_format, Gegl.AbyssPolicy.NONE)
