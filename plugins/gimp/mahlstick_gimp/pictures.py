"""The line that says which picture the panel paints in; with several, a box to choose it."""

from __future__ import annotations

from collections.abc import Callable

from .host import Foreign
from .language import tr
from .widgets import Gtk


class PictureChooser:
    """`choose` is called with the image that the painter means."""

    def __init__(self, choose: Callable[[Foreign], None]) -> None:
        self._choose = choose
        self._images: dict[str, Foreign] = {}
        self._quiet = False
        self._name = Gtk.Label(xalign=0.0, ellipsize=3)  # Pango's END
        self._name.get_style_context().add_class("dim-label")
        self._box = Gtk.ComboBoxText()
        self._box.set_tooltip_text(tr("The picture that is painted in"))
        self._box.connect("changed", self._changed)
        self.widget = Gtk.Stack(hhomogeneous=False, vhomogeneous=False)
        self.widget.add(self._name)
        self.widget.add(self._box)
        self.widget.show_all()

    def show(self, images: list[Foreign], current: Foreign) -> None:
        """Show these images, and which is meant; None is none."""
        names = {str(image.get_id()): image for image in images}
        if current is not None and str(current.get_id()) not in names:
            names[str(current.get_id())] = current
        self._name.set_text(titled(current) if current else tr("No picture is open"))
        self._quiet = True  # GTK tells of this like of a choice
        if list(names) != list(self._images):
            self._box.remove_all()
            for number, image in names.items():
                self._box.append(number, titled(image))
        self._images = names
        if current is not None:
            self._box.set_active_id(str(current.get_id()))
        self._quiet = False
        self.widget.set_visible_child(self._box if len(names) > 1 else self._name)

    def _changed(self, _box: Foreign) -> None:
        number = self._box.get_active_id()
        if not self._quiet and number in self._images:
            self._choose(self._images[number])


def titled(image: Foreign) -> str:
    """An image as GIMP's title bar calls it."""
    return f"{image.get_name()}-{image.get_id()}"
