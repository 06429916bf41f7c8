"""The one layer a painting leaves behind.

It enters the image in one closed undo group. What is then streamed into its buffer makes no undo
steps: Ctrl+Z takes the whole layer away at any time, Ctrl+Y brings it back with its last pixels.
GIMP lets no program take a step back out of the history. So a cancel takes the layer away without
a step of its own: what stays in the history is one step that does nothing, instead of a pair that
would show the cancelled paint again. (Undoing it, GIMP notes on its console that the layer has gone
already.) A preview outside the history, as live mode's is, would leave no step at all; but Ctrl+Z
while it paints would then take back the painter's own last work, and not mean cancel.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass

from .arguments import Form
from .canvas import MASK, PIXELS, Place, gegl_box
from .growth import Growth, shrink
from .host import Foreign, Gimp
from .previews import FLAT, FORMATS, spread
from .protocol import Picture, Rect
from .provenance import metadata_with
from .repainting import PARASITE
from .undo import no_step, one_step, same_hand

_TYPES = {
    Gimp.ImageBaseType.RGB: Gimp.ImageType.RGBA_IMAGE,
    Gimp.ImageBaseType.GRAY: Gimp.ImageType.GRAYA_IMAGE,
    Gimp.ImageBaseType.INDEXED: Gimp.ImageType.INDEXEDA_IMAGE,
}


@dataclass(frozen=True)
class Sheet:
    """What a layer will be: where it goes and lies, its name and what it lets through.

    `mask` is gray8 of the box's size. With `growth` the image grows in the same undo step, and
    `box` lies in the grown image. `replaced` is a layer that is hidden for it. Of what is not
    `recorded` the painter's undo history never hears: a look at how it would be.
    """

    place: Place
    name: str
    box: Rect
    mask: bytes
    form: Form = "masked"
    growth: Growth | None = None
    replaced: Foreign = None
    recorded: bool = True


class PaintLayer:
    """A new layer, at `box` of the image; what it shows is cut to the mask. Main thread only."""

    def __init__(self, image: Foreign, sheet: Sheet, recipe: dict[str, object]) -> None:
        """Insert the layer as one undo step.

        The painter's selected layers stay selected, and his strokes keep going where they went.
        """
        self.image = image
        self.box = sheet.box
        self._sheet = sheet
        self._size = (image.get_width(), image.get_height())
        self._metadata = image.get_metadata()
        self._whole = Rect(0, 0, sheet.box.width, sheet.box.height)
        self._layer = _new_layer(image, sheet.name, sheet.box)
        with same_hand(image), self._step():
            self._insert(recipe)
        self._chosen = _bounds(image)
        if sheet.form == "masked":
            self._layer.set_edit_mask(False)
            self._write(self._layer.get_mask(), MASK, sheet.mask)

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
        pixels, pixel_format = spread(picture, context, self.box), FLAT
        if self._sheet.form == "flattened":
            pixels, pixel_format = _cut(pixels, self._sheet.mask), PIXELS
        if self.is_there():  # asked after the scaling: the painter has had time to undo
            self._write(self._layer, pixel_format, pixels)

    def finish(self, pixels: bytes, recipe: dict[str, object]) -> None:
        """Give the layer its final RGBA8 pixels, and layer and image what tells of it."""
        if not self.is_there():
            return
        if self._sheet.form == "masked":
            solid = bytearray(pixels)
            solid[3::4] = b"\xff" * (len(pixels) // 4)
            self._write(self._layer, PIXELS, bytes(solid))
            self._write(self._layer.get_mask(), MASK, pixels[3::4])
        else:
            self._write(self._layer, PIXELS, pixels)
        if self._sheet.recorded:
            with no_step(self.image):  # these belong to the step that is there
                self._remember(recipe)
                self.image.set_metadata(metadata_with(self._metadata, recipe))

    def discard(self) -> None:
        """Take the layer out of the image again, and everything that came with it."""
        if not self.is_there():
            return
        with same_hand(self.image), self._way_back():
            self._hide_traces()
            self.image.remove_layer(self._layer)
            if self._sheet.growth is not None:
                shrink(self.image, self._sheet.growth, self._size)
            if self._replaced_is_there():
                self._sheet.replaced.set_visible(True)
            if self._sheet.recorded and self._metadata is not None:
                self.image.set_metadata(self._metadata)
        Gimp.displays_flush()

    def set_visible(self, visible: bool) -> None:
        """Hide or show the layer without an undo step, for who looks at what is below."""
        if self.is_there():
            with no_step(self.image):
                self._layer.set_visible(visible)

    def _step(self) -> AbstractContextManager[None]:
        return one_step(self.image) if self._sheet.recorded else no_step(self.image)

    def _way_back(self) -> AbstractContextManager[None]:
        # A selection that was changed on the grown canvas could not be undone on the small one:
        # then the history gets the second half of the pair after all.
        moved_on = self._sheet.growth is not None and _bounds(self.image) != self._chosen
        return one_step(self.image) if moved_on else no_step(self.image)

    def _insert(self, recipe: dict[str, object]) -> None:
        sheet = self._sheet
        if sheet.growth is not None:
            sheet.growth.apply(self.image)
        self.image.insert_layer(self._layer, sheet.place.parent, sheet.place.position)
        self._layer.set_offsets(sheet.box.left, sheet.box.top)
        if sheet.form == "masked":
            self._layer.add_mask(self._layer.create_mask(Gimp.AddMaskType.BLACK))
        if self._replaced_is_there():
            sheet.replaced.set_visible(False)
        if sheet.recorded:
            self.image.set_metadata(metadata_with(self._metadata, recipe))

    def _replaced_is_there(self) -> bool:
        return self._sheet.replaced is not None and self._sheet.replaced.is_valid()

    def _hide_traces(self) -> None:
        """Who undoes and redoes the empty step gets an empty layer, not paint he did not want."""
        drawable = self._layer.get_mask() if self._sheet.form == "masked" else self._layer
        pixel_format = MASK if self._sheet.form == "masked" else PIXELS
        depth = 1 if pixel_format == MASK else 4
        self._write(drawable, pixel_format, bytes(depth * self.box.width * self.box.height))

    def _remember(self, recipe: dict[str, object]) -> None:
        # ASCII only: libgimp takes a parasite's bytes as signed characters.
        data = json.dumps(recipe, sort_keys=True).encode("ascii")
        flags = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE
        self._layer.attach_parasite(Gimp.Parasite.new(PARASITE, flags, data))

    def _write(self, drawable: Foreign, pixel_format: str, pixels: bytes) -> None:
        buffer = drawable.get_buffer() if drawable else None
        if not drawable or buffer is None:  # gone since it was asked for: GIMP is another process
            return
        buffer.set(gegl_box(self._whole), pixel_format, pixels)
        buffer.flush()
        drawable.update(0, 0, self.box.width, self.box.height)
        Gimp.displays_flush()


def _bounds(image: Foreign) -> tuple[int, ...]:
    _, some, *edges = Gimp.Selection.bounds(image)
    return (int(some), *edges)


def _cut(rgb: bytes, mask: bytes) -> bytes:
    cut = bytearray(4 * len(mask))
    cut[0::4], cut[1::4], cut[2::4], cut[3::4] = rgb[0::3], rgb[1::3], rgb[2::3], mask
    return bytes(cut)


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
