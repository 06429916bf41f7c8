"""The row that starts the bridge, in sight while there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .host import Foreign, GLib
from .language import tr
from .widgets import Gtk

if TYPE_CHECKING:
    from bridge.wire.starting import Starter
else:
    from .wire.starting import Starter

LOOK_MS = 250
SPACING = 6


class StartRow:
    """A button, and how the start goes. `refresh` tells it whether a bridge is connected."""

    def __init__(self, starter: Starter | None = None) -> None:
        self._starter = starter or Starter()
        self._timer = 0
        self.button = Gtk.Button(label=tr("Start Mahlstick"))
        self.button.set_tooltip_text(tr("Start the program that paints; it stays when GIMP ends"))
        self.button.connect("clicked", lambda _button: self._start())
        self.note = Gtk.Label(xalign=0.0, wrap=True)
        self.note.set_max_width_chars(40)
        self.widget: Foreign = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=SPACING)
        for part in (self.button, self.note):
            part.show()
            self.widget.pack_start(part, False, False, 0)
        self.note.hide()
        self.widget.set_no_show_all(True)  # only `refresh` shows it
        self.widget.connect("destroy", lambda _widget: self._stop_looking())

    def refresh(self, online: bool) -> None:
        """Be in sight while no bridge is connected."""
        if online:
            self._stop_looking()
            self.note.hide()
            self.button.set_sensitive(True)
        self.widget.set_visible(not online)

    def _start(self) -> None:
        self._starter.start()
        if not self._timer:
            self._timer = GLib.timeout_add(LOOK_MS, self._look)
        self._show()

    def _look(self) -> bool:
        if self._show():
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        return GLib.SOURCE_REMOVE

    def _show(self) -> bool:
        """Show how the start goes; tell whether it still goes on."""
        progress = self._starter.look()
        starting = progress.state == "starting"
        self.button.set_sensitive(not starting)
        self.note.set_text(progress.message)
        self.note.set_visible(bool(progress.message))
        return starting

    def _stop_looking(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
