"""A button below the list of models: which others could be got, and how."""

from __future__ import annotations

from .host import Foreign
from .language import tr
from .protocol import Welcome
from .protocol import more_models as sentences
from .widgets import GimpUi, Gtk

_WIDTH = 72  # characters


class MoreModels:
    """Tells, when it is clicked, what the bridge could get."""

    def __init__(self) -> None:
        self._said = ""
        self.widget = Gtk.Button(label=tr("Get More Models..."), sensitive=False)
        self.widget.set_halign(Gtk.Align.END)
        self.widget.connect("clicked", self._show)

    def offer(self, welcome: Welcome) -> None:
        """Know what could be got from now on."""
        self._said = sentences(welcome.obtainable)
        self.widget.set_sensitive(True)

    def _show(self, _button: Foreign) -> None:
        window = GimpUi.Dialog(title=tr("Mahlstick: Get More Models"), role="mahlstick-models")
        label = Gtk.Label(label=self._said, xalign=0.0)
        label.set_line_wrap(True)
        label.set_max_width_chars(_WIDTH)
        label.set_selectable(True)  # to copy the command
        area = window.get_content_area()
        area.set_border_width(12)
        area.pack_start(label, False, False, 0)
        window.add_button(tr("_Close"), Gtk.ResponseType.CLOSE)
        window.show_all()
        window.run()
        window.destroy()
