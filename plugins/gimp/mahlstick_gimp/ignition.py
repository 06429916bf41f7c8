"""The button for a painter without a bridge: it starts one, and says how that goes."""

from __future__ import annotations

from collections.abc import Callable

from .language import tr
from .protocol import Progress, Starter
from .widgets import Gtk


class Ignition:
    """A button that is there while there is no bridge; `say` is called with sentences."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._starter = Starter()
        self._told = ""
        self._busy = False
        self.widget = Gtk.Button(label=tr("Start Mahlstick"))
        self.widget.set_tooltip_text(tr("Start the bridge, the program that paints"))
        self.widget.connect("clicked", lambda _button: self._begin())
        self.widget.set_no_show_all(True)

    def show(self, offline: str) -> None:
        """Show the button when `offline` says why there is no bridge, hide it when it is empty."""
        self.widget.set_visible(bool(offline))
        self.widget.set_sensitive(not self._busy)

    def look(self) -> None:
        """Say how the start goes, when that is news; from a timer."""
        if self._busy:
            self._tell(self._starter.look())

    def _begin(self) -> None:
        self._told = ""
        self._tell(self._starter.start())

    def _tell(self, progress: Progress) -> None:
        self._busy = progress.state == "starting"
        if progress.message != self._told:
            self._told = progress.message
            self._say(progress.message)
