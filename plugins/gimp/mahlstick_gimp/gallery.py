"""The candidates side by side, as they form; a click puts one on the canvas."""

from __future__ import annotations

from collections.abc import Callable

from .host import Foreign, GLib
from .previews import FORMATS
from .protocol import Painting, Picture
from .widgets import GdkPixbuf, Gtk

SIDE = 84
IN_A_ROW = 4
MNEMONICS = 9  # Alt and a digit choose


class Gallery:
    """A grid of pictures, hidden while there is only one; `choose` is called with a candidate."""

    def __init__(self, choose: Callable[[int], None]) -> None:
        self._choose = choose
        self._buttons: list[Foreign] = []
        self._images: list[Foreign] = []
        self._seen: dict[int, int] = {}  # the step of the picture that is shown
        self._quiet = False
        self.widget = Gtk.Grid(row_homogeneous=True)

    def show(self, painting: Painting, chosen: int) -> None:
        """Show the newest previews of a painting, and which candidate is on the canvas."""
        if len(self._buttons) != painting.candidates:
            self._lay_out(painting.candidates)
        for candidate, preview in painting.previews.items():
            if self._seen.get(candidate) != preview.seq and candidate < len(self._images):
                self._seen[candidate] = preview.seq
                self._images[candidate].set_from_pixbuf(_pixbuf(preview.picture))
        self.mark(chosen)

    def mark(self, chosen: int) -> None:
        """Show which candidate is on the canvas."""
        if chosen < len(self._buttons):
            self._quiet = True  # GTK tells of this like of a click
            self._buttons[chosen].set_active(True)
            self._quiet = False

    def clear(self) -> None:
        """Show nothing."""
        self._lay_out(0)

    def _lay_out(self, count: int) -> None:
        for button in self._buttons:
            button.destroy()
        self._buttons, self._images, self._seen = [], [], {}
        for candidate in range(count if count > 1 else 0):
            self._add(candidate)
        self.widget.show_all()

    def _add(self, candidate: int) -> None:
        first = self._buttons[0] if self._buttons else None
        number = f"_{candidate + 1}" if candidate < MNEMONICS else str(candidate + 1)
        button = Gtk.RadioButton.new_with_mnemonic_from_widget(first, number)
        button.set_mode(False)
        image = Gtk.Image()
        image.set_size_request(SIDE, SIDE)
        button.set_image(image)
        button.set_image_position(Gtk.PositionType.TOP)
        button.set_always_show_image(True)
        button.connect("toggled", self._toggled, candidate)
        self._buttons.append(button)
        self._images.append(image)
        self.widget.attach(button, candidate % IN_A_ROW, candidate // IN_A_ROW, 1, 1)

    def _toggled(self, button: Foreign, candidate: int) -> None:
        if button.get_active() and not self._quiet:
            self._choose(candidate)


def _pixbuf(picture: Picture) -> Foreign:
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
    scale = SIDE / max(picture.width, picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return whole.scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)
