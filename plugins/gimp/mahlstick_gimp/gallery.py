"""The candidates side by side, as they form; a click puts one on the canvas.

While they form they stand in their own order; done, the best comes first.
"""

from __future__ import annotations

from collections.abc import Callable

from .host import Foreign, GLib
from .language import tr
from .previews import FORMATS
from .protocol import Painted, Painting, Picture
from .widgets import GdkPixbuf, Gtk

FEW = 4  # so many are shown large, two in a row
LARGE, SMALL = 130, 64  # pixels: the longer side
MNEMONICS = 9  # Alt and a digit choose


class Gallery:
    """A grid of pictures, hidden while there is only one; `choose` is called with a candidate."""

    def __init__(self, choose: Callable[[int], None]) -> None:
        self._choose = choose
        self._buttons: list[Foreign] = []
        self._images: list[Foreign] = []
        self._seen: dict[int, object] = {}  # what the shown picture is of
        self._order: list[int] = []
        self._quiet = False
        self.widget = Gtk.Grid(row_homogeneous=True, column_homogeneous=True)

    def show(self, painting: Painting, chosen: int) -> None:
        """Show the newest pictures of a painting, and which candidate is on the canvas."""
        if len(self._buttons) != (painting.candidates if painting.candidates > 1 else 0):
            self._lay_out(painting.candidates)
        for candidate in range(len(self._images)):
            self._draw(painting, candidate)
        self._arrange(painting)
        self.mark(chosen)

    def mark(self, chosen: int) -> None:
        """Show which candidate is on the canvas."""
        if chosen < len(self._buttons):
            self._quiet = True  # GTK tells of this like of a click
            self._buttons[chosen].set_active(True)
            self._quiet = False

    def clear(self) -> None:
        """Show nothing."""
        if self._buttons:
            self._lay_out(0)

    @property
    def _side(self) -> int:
        return LARGE if len(self._buttons) <= FEW else SMALL

    @property
    def _in_a_row(self) -> int:
        return 2 if len(self._buttons) <= FEW else 4

    def _draw(self, painting: Painting, candidate: int) -> None:
        result, preview = painting.results.get(candidate), painting.previews.get(candidate)
        newest = result or preview
        if newest is None or self._seen.get(candidate) == newest.seq:
            return
        self._seen[candidate] = newest.seq
        self._images[candidate].set_from_pixbuf(_pixbuf(newest.picture, self._side))
        if result is not None:
            self._buttons[candidate].set_tooltip_text(_told(result))

    def _arrange(self, painting: Painting) -> None:
        order = [result.candidate for result in painting.best] if painting.over else []
        order = [k for k in order if k < len(self._buttons)]
        order += [k for k in range(len(self._buttons)) if k not in order]
        if order == self._order:
            return
        self._order = order
        for button in self._buttons:
            if button.get_parent() is not None:
                self.widget.remove(button)
        for place, candidate in enumerate(order):
            column, row = place % self._in_a_row, place // self._in_a_row
            self.widget.attach(self._buttons[candidate], column, row, 1, 1)

    def _lay_out(self, count: int) -> None:
        for button in self._buttons:
            button.destroy()
        self._buttons, self._images, self._seen, self._order = [], [], {}, []
        for candidate in range(count if count > 1 else 0):
            self._add(candidate)
        for image in self._images:
            image.set_size_request(self._side, self._side)

    def _add(self, candidate: int) -> None:
        first = self._buttons[0] if self._buttons else None
        number = f"_{candidate + 1}" if candidate < MNEMONICS else str(candidate + 1)
        button = Gtk.RadioButton.new_with_mnemonic_from_widget(first, number)
        button.set_mode(False)
        image = Gtk.Image()
        button.set_image(image)
        button.set_image_position(Gtk.PositionType.TOP)
        button.set_always_show_image(True)
        button.connect("toggled", self._toggled, candidate)
        button.show_all()
        self._buttons.append(button)
        self._images.append(image)

    def _toggled(self, button: Foreign, candidate: int) -> None:
        if button.get_active() and not self._quiet:
            self._choose(candidate)


def _told(result: Painted) -> str:
    seed = tr("Seed: {seed}", seed=result.seed)
    if result.score is None:
        return seed
    return f"{tr('How well it fits the prompt: {score:.2f}', score=result.score)}\n{seed}"


def _pixbuf(picture: Picture, side: int) -> Foreign:
    """A thumbnail; nothing for a picture in a format that was not asked for."""
    if picture.format not in FORMATS:
        return None
    channels = 4 if picture.format == "rgba8" else 3
    whole = GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(picture.data),
        GdkPixbuf.Colorspace.RGB,
        channels == 4,
        8,
        picture.width,
        picture.height,
        picture.width * channels,
    )
    scale = side / max(picture.width, picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return whole.scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)
