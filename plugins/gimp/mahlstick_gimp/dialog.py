"""The window of an interactive run: prompt, settings, progress. It stays open between tries.

It has no values of its own: every widget is bound to GIMP's ProcedureConfig, which GIMP remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .actions import Action
from .arguments import PROMPT, Argument, read_settings
from .errors import PainterError
from .fields import SPACING, PromptField, editors, grid
from .gallery import Gallery
from .host import Foreign, GLib
from .job import Outcome
from .language import tr
from .starting import StartRow
from .studio import Studio
from .turns import Turns, open_session
from .widgets import GimpUi, Gtk

ROLE = "mahlstick"
LOOK_MS = 250


def run(action: Action, image: Foreign, drawables: list[Foreign], config: Foreign) -> Outcome:
    """Show the window until the painter closes it; the outcome is that of the last painting."""
    GimpUi.init(ROLE)
    return Window(action, image, drawables, config).run()


class Window:
    """The window of an action, with a studio of its own."""

    def __init__(
        self, action: Action, image: Foreign, drawables: list[Foreign], config: Foreign
    ) -> None:
        self._action = action
        self._image = image
        self._drawables = drawables
        self._config = config
        self._turns = Turns()
        self._studio = Studio(open_session(self._turns.wake), self._refresh)
        self._open = True
        self._answers: list[Callable[[], object]] = []
        self._prompt: PromptField | None = None
        self._build()

    def run(self) -> Outcome:
        """Show the window and return when it was closed."""
        self._window.show_all()
        if self._prompt is not None:
            self._prompt.view.grab_focus()
        self._refresh()
        timer = GLib.timeout_add(LOOK_MS, self._look)
        try:
            self._turns.run(self._turn)
        finally:
            GLib.source_remove(timer)
            self._studio.close()
            self._window.destroy()
        return self._studio.last

    def _turn(self) -> bool:
        self._studio.turn()
        return self._open

    def _look(self) -> bool:
        self._studio.look()
        return GLib.SOURCE_CONTINUE

    def _paint(self) -> None:
        if self._studio.busy:
            return
        try:
            settings = read_settings(self._config, self._action.arguments)
        except PainterError as error:
            self._studio.say(str(error))
            return
        self._gallery.clear()
        self._studio.paint(self._action, self._image, self._drawables, settings)

    def _close(self) -> None:
        self._studio.cancel()
        self._open = False
        self._turns.wake()

    def _refresh(self) -> None:
        """Show how things stand."""
        studio, job = self._studio, self._studio.shown
        self._bar.set_fraction(studio.progress)
        self._status.set_text(studio.message)
        if job is not None and job.painting is not None:
            self._gallery.show(job.painting, job.chosen)
        elif not studio.busy:
            self._gallery.clear()
        title = self._action.title  # seen in the task bar while the painter works elsewhere
        self._window.set_title(f"{title} ({tr('painting')})" if studio.busy else title)
        self._paint_button.set_sensitive(not studio.busy)
        self._cancel_button.set_sensitive(studio.busy)
        self._keep_button.set_sensitive(studio.can_keep)
        self._start.refresh(not studio.offline)

    def _build(self) -> None:
        self._window = GimpUi.Dialog(title=self._action.title, role=ROLE)
        self._window.connect("delete-event", lambda *_: True)  # it goes when the turns have ended
        self._window.connect("response", self._respond)
        area = self._window.get_content_area()
        area.set_spacing(SPACING)
        area.set_border_width(2 * SPACING)
        self._bar = Gtk.ProgressBar()
        self._start = StartRow()
        self._gallery = Gallery(self._studio.choose)
        self._status = Gtk.Label(xalign=0.0, wrap=True)
        self._status.set_max_width_chars(50)
        more = Gtk.Expander(label=tr("_More"), use_underline=True)
        more.add(self._grid(self._action.more))
        for widget in (
            *self._asked(),
            self._grid(self._action.shown),
            more,
            self._gallery.widget,
            self._bar,
            self._status,
            self._start.widget,
        ):
            area.pack_start(widget, False, False, 0)
        self._button(tr("_Close"), self._close)
        self._cancel_button = self._button(tr("C_ancel"), self._studio.cancel)
        self._keep_button = self._button(tr("_Keep This"), self._studio.keep)
        self._paint_button = self._button(tr("_Paint"), self._paint)

    def _asked(self) -> tuple[Foreign, ...]:
        if PROMPT not in self._action.asked:
            return ()
        self._prompt = PromptField(self._config, self._paint)
        return self._prompt.label, self._prompt.widget

    def _button(self, label: str, action: Callable[[], object]) -> Foreign:
        self._answers.append(action)
        return self._window.add_button(label, len(self._answers))

    def _respond(self, _window: Foreign, response: int) -> None:
        # GTK's own responses, such as Escape, are negative.
        (self._answers[response - 1] if response > 0 else self._close)()

    def _grid(self, rows: Sequence[Argument]) -> Foreign:
        return grid(editors(rows, self._config))
