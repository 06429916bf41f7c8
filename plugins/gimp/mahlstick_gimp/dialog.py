"""The window of an interactive run: prompt, settings, progress. It stays open between tries.

It has no values of its own: every widget is bound to GIMP's ProcedureConfig, which GIMP remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import arguments
from .actions import Action
from .arguments import Argument, Choice, Number, read_settings
from .canvas import Canvas
from .errors import PainterError
from .gallery import Gallery
from .host import Foreign
from .job import Job, Outcome
from .protocol import Offline, Online, Painting
from .turns import Turns, open_session
from .widgets import Gdk, GimpUi, Gtk

ROLE = "mahlstick"
SPACING = 6
PROMPT_HEIGHT = 64


def run(action: Action, image: Foreign, drawables: list[Foreign], config: Foreign) -> Outcome:
    """Show the window until the painter closes it; the outcome is that of the last painting."""
    GimpUi.init(ROLE)
    return Window(action, image, drawables, config).run()


class Window:
    """The window of an action, its session with the bridge, and the job that runs, if any."""

    def __init__(
        self, action: Action, image: Foreign, drawables: list[Foreign], config: Foreign
    ) -> None:
        self._action = action
        self._image = image
        self._drawables = drawables
        self._config = config
        self._turns = Turns()
        self._session = open_session(self._turns.wake)
        self._job: Job | None = None
        self._dry: Job | None = None  # the last one that ended well: its candidates are there
        self._last = Outcome("cancelled")
        self._offline = ""
        self._open = True
        self._answers: list[Callable[[], None]] = []
        self._build()

    def run(self) -> Outcome:
        """Show the window and return when it was closed."""
        self._window.show_all()
        self._prompt_view.grab_focus()
        self._show_state()
        try:
            self._turns.run(self._turn)
        finally:
            self._session.close()
            self._window.destroy()
        return self._last

    def _turn(self) -> bool:
        for change in self._session.poll():
            if isinstance(change, (Online, Offline)):
                self._connection(change)
            if self._job is not None:
                self._job.take(change)
                self._settle()
        return self._open

    def _connection(self, change: Online | Offline) -> None:
        online = isinstance(change, Online)
        self._offline = "" if online else change.message
        if self._job is None:
            self._say(f"Connected to {change.welcome.server}." if online else change.message)

    def _paint(self) -> None:
        if self._job is not None:
            return
        self._dry = None
        self._gallery.clear()
        try:
            self._job = self._submitted()
        except PainterError as error:
            self._say(str(error))
        else:
            self._say("Sent to the bridge.")
        self._show_state()

    def _submitted(self) -> Job:
        settings = read_settings(self._config, self._action.arguments)
        if self._offline:
            raise PainterError(self._offline)
        if not self._image.is_valid():
            raise PainterError("The picture was closed. Open it again and start from there.")
        canvas = Canvas(self._image, self._drawables, settings.source)
        canvas.require_paintable()
        request = self._action.ask(canvas, settings)
        return Job(self._session, canvas, request, "stream", self._progress)

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._settle()

    def _keep(self) -> None:
        if self._job is not None:
            self._job.keep()

    def _choose(self, candidate: int) -> None:
        job = self._job or self._dry
        if job is not None:
            job.choose(candidate)

    def _close(self) -> None:
        self._cancel()
        self._open = False
        self._turns.wake()

    def _settle(self) -> None:
        """Leave the job once it is over."""
        outcome = self._job.outcome if self._job else None
        if outcome is None:
            return
        job, self._job = self._job, None
        if job is not None and outcome.ending == "finished":
            self._last, self._dry = outcome, job
            self._gallery.mark(job.chosen)
        else:
            self._gallery.clear()
        self._bar.set_fraction(0.0)
        self._say(_sentence(outcome))
        self._show_state()

    def _progress(self, painting: Painting) -> None:
        if self._job is not None:
            self._gallery.show(painting, self._job.chosen)
        self._bar.set_fraction(painting.progress)
        self._say(_status(painting))

    def _say(self, text: str) -> None:
        self._status.set_text(text)

    def _show_state(self) -> None:
        busy = self._job is not None
        title = self._action.title  # seen in the task bar while the painter works elsewhere
        self._window.set_title(f"{title} (painting)" if busy else title)
        self._paint_button.set_sensitive(not busy)
        self._cancel_button.set_sensitive(busy)
        self._keep_button.set_sensitive(busy)

    def _build(self) -> None:
        self._window = GimpUi.Dialog(title=self._action.title, role=ROLE)
        self._window.connect("delete-event", lambda *_: True)  # it goes when the turns have ended
        self._window.connect("response", self._respond)
        area = self._window.get_content_area()
        area.set_spacing(SPACING)
        area.set_border_width(2 * SPACING)
        self._bar = Gtk.ProgressBar()
        self._gallery = Gallery(self._choose)
        self._status = Gtk.Label(label="Looking for the bridge.", xalign=0.0, wrap=True)
        self._status.set_max_width_chars(50)
        more = Gtk.Expander(label="_More", use_underline=True)
        more.add(self._grid(self._action.more))
        for widget in (
            *self._prompt(),
            self._grid(self._action.shown),
            more,
            self._gallery.widget,
            self._bar,
            self._status,
        ):
            area.pack_start(widget, False, False, 0)
        self._button("_Close", self._close)
        self._cancel_button = self._button("C_ancel", self._cancel)
        self._keep_button = self._button("_Keep This", self._keep)
        self._paint_button = self._button("_Paint", self._paint)

    def _button(self, label: str, action: Callable[[], None]) -> Foreign:
        self._answers.append(action)
        return self._window.add_button(label, len(self._answers))

    def _respond(self, _window: Foreign, response: int) -> None:
        # GTK's own responses, such as Escape, are negative.
        (self._answers[response - 1] if response > 0 else self._close)()

    def _prompt(self) -> tuple[Foreign, Foreign]:
        buffer = GimpUi.prop_text_buffer_new(self._config, arguments.PROMPT.name, -1)
        view = Gtk.TextView(buffer=buffer, wrap_mode=Gtk.WrapMode.WORD_CHAR, accepts_tab=False)
        view.set_tooltip_text(f"{arguments.PROMPT.blurb}. Enter paints, Shift+Enter starts a line.")
        view.connect("key-press-event", self._key)
        scroll = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, min_content_height=PROMPT_HEIGHT)
        scroll.add(view)
        self._prompt_view = view
        label = Gtk.Label(label=arguments.PROMPT.label, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(view)
        return label, scroll

    def _key(self, _view: Foreign, event: Foreign) -> bool:
        enter = event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter)
        if not enter or event.state & Gdk.ModifierType.SHIFT_MASK:
            return False
        self._paint()
        return True

    def _grid(self, rows: Sequence[Argument]) -> Foreign:
        grid = Gtk.Grid(column_spacing=2 * SPACING, row_spacing=SPACING)
        for row, argument in enumerate(rows):
            widget = _editor(argument, self._config)
            widget.set_tooltip_text(argument.blurb)
            widget.set_hexpand(True)
            label = Gtk.Label(label=argument.label, use_underline=True, xalign=0.0)
            label.set_mnemonic_widget(widget)
            grid.attach(label, 0, row, 1, 1)
            grid.attach(widget, 1, row, 1, 1)
        return grid


def _editor(argument: Argument, config: Foreign) -> Foreign:
    if isinstance(argument, Choice):
        return GimpUi.prop_choice_combo_box_new(config, argument.name)
    if isinstance(argument, Number):
        whole = isinstance(argument.default, int)
        step, page, digits = (1, 5, 0) if whole else (0.05, 0.25, 2)
        return GimpUi.prop_spin_button_new(config, argument.name, step, page, digits)
    return GimpUi.prop_entry_new(config, argument.name, -1)


def _status(painting: Painting) -> str:
    if painting.state == "queued":
        return f"Waiting: {painting.position} before this one." if painting.position else "Next."
    if painting.state == "loading":
        return f"The bridge is reading the model {painting.model}."
    if painting.state == "painting":
        return f"Painting: step {painting.step} of {painting.steps * painting.candidates}."
    return "Sent to the bridge."


def _sentence(outcome: Outcome) -> str:
    if outcome.ending == "finished":
        return f"Done. Seed {outcome.seed}. {outcome.message}".strip()
    if outcome.ending == "cancelled":
        return "Cancelled; the picture is as it was."
    return outcome.message
