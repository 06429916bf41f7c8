"""The one layer a painting leaves behind.

It enters the image in one closed undo group. What is then streamed into its buffer makes no undo
steps: Ctrl+Z takes the whole layer away at any time, Ctrl+Y brings it back with its last pixels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from .canvas import MASK, PIXELS, Place, gegl_box
from .host import Foreign, Gimp
from .previews import FLAT, FORMATS, spread
from .protocol import Picture, Rect

PARASITE = "mahlstick-painting"
_TYPES = {
    Gimp.ImageBaseType.RGB: Gimp.ImageType.RGBA_IMAGE,
    Gimp.ImageBaseType.GRAY: Gimp.ImageType.GRAYA_IMAGE,
    Gimp.ImageBaseType.INDEXED: Gimp.ImageType.INDEXEDA_IMAGE,
}


@dataclass(frozen=True)
class Growth:
    """What an image grows to, and where its old top left corner comes to lie."""

    width: int
    height: int
    origin: tuple[int, int]


class PaintLayer:
    """A new layer with a layer mask, at `box` of the image. Main thread only."""

    def __init__(
        self,
        image: Foreign,
        place: Place,
        name: str,
        box: Rect,
        mask: bytes,
        growth: Growth | None = None,
    ) -> None:
        """Insert the layer as one undo step; `mask` is gray8 of the box's size.

        With `growth` the image grows in the same step, and `box` lies in the grown image. The
        painter's selected layers stay selected, and his strokes keep going where they went.
        """
        self._before = (image.get_width(), image.get_height())
        self._growth = growth
        self.image = image
        self.box = box
        self._whole = Rect(0, 0, box.width, box.height)
        self._layer = _new_layer(image, name, box)
        selected = image.get_selected_layers()
        image.undo_group_start()
        try:
            if growth is not None:
                image.resize(growth.width, growth.height, *growth.origin)
            image.insert_layer(self._layer, place.parent, place.position)
            self._layer.set_offsets(box.left, box.top)
            self._layer.add_mask(self._layer.create_mask(Gimp.AddMaskType.BLACK))
        finally:
            image.undo_group_end()
        self._layer.set_edit_mask(False)
        if selected:  # GIMP takes an empty list for a mistake
            image.set_selected_layers(selected)
        self._write(self._layer.get_mask(), MASK, mask)

    @property
    def layer(self) -> Foreign:
        """GIMP's own layer."""
        return self._layer

    def is_there(self) -> bool:
        """False once the painter undid or deleted it or closed the image: do not write then."""
        return (
            self.image.is_valid() and self._layer.is_valid() and self._layer.get_image() is not None
        )

    def show(self, picture: Picture, context: Rect) -> None:
        """Put a preview of the box `context` on the canvas; no effect once the layer is gone.

        A preview in a format that was not asked for is passed over: it is not worth an error.
        """
        if picture.format not in FORMATS:
            return
        pixels = spread(picture, context, self.box)
        if self.is_there():  # asked after the scaling: the painter has had time to undo
            self._write(self._layer, FLAT, pixels)

    def finish(self, pixels: bytes, recipe: dict[str, object]) -> None:
        """Give the layer its final RGBA8 pixels: alpha to its mask, the recipe into a parasite."""
        if not self.is_there():
            return
        solid = bytearray(pixels)
        solid[3::4] = b"\xff" * (len(pixels) // 4)
        self._write(self._layer, PIXELS, bytes(solid))
        self._write(self._layer.get_mask(), MASK, pixels[3::4])
        self._remember(recipe)

    def discard(self) -> None:
        """Take the layer out of the image again."""
        if not self.is_there():
            return
        self.image.undo_group_start()
        try:
            self.image.remove_layer(self._layer)
            if self._growth is not None:
                left, top = self._growth.origin
                self.image.resize(*self._before, -left, -top)
        finally:
            self.image.undo_group_end()
        Gimp.displays_flush()

    def _remember(self, recipe: dict[str, object]) -> None:
        # ASCII only: libgimp takes a parasite's bytes as signed characters.
        data = json.dumps(recipe, sort_keys=True).encode("ascii")
        # Frozen, because attaching to a layer that is in an image would be an undo step of its own.
        self.image.undo_freeze()
        try:
            flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
            self._layer.attach_parasite(Gimp.Parasite.new(PARASITE, flags, data))
        finally:
            self.image.undo_thaw()

    def _write(self, drawable: Foreign, pixel_format: str, pixels: bytes) -> None:
        buffer = drawable.get_buffer()
        if buffer is None:  # gone since it was asked for: GIMP is another process
            return
        buffer.set(gegl_box(self._whole), pixel_format, pixels)
        buffer.flush()
        self._refresh(drawable)

    def _refresh(self, drawable: Foreign = None) -> None:
        (drawable or self._layer).update(0, 0, self.box.width, self.box.height)
        Gimp.displays_flush()


def _new_layer(image: Foreign, name: str, box: Rect) -> Foreign:
    kind = _TYPES[image.get_base_type()]
    mode = image.get_default_new_layer_mode()
    layer = Gimp.Layer.new(image, name, box.width, box.height, kind, 100.0, mode)
    layer.set_composite_space(_composite_space(image))
    return layer


def _composite_space(image: Foreign) -> Foreign:
    """The space that the image's own numbers are in.

    Soft edges were made to be blended as they are stored, not in linear light as GIMP does by
    itself; and any conversion would change float pixels outside the paint in their last digits.
    """
    nick = image.get_precision().value_nick  # such as "u8-non-linear"
    spaces = Gimp.LayerColorSpace
    if nick.endswith("non-linear"):
        return spaces.RGB_NON_LINEAR
    return spaces.RGB_PERCEPTUAL if nick.endswith("perceptual") else spaces.RGB_LINEAR
