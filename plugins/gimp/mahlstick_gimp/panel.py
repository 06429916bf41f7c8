"""The panel: a window that stays open while the painter works in the images.

It follows him from image to image. Its values are GIMP's ProcedureConfig's; what it does is the
studio's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import arguments
from .album import Album
from .arguments import Argument, Settings, read_settings
from .errors import PainterError
from .fields import SPACING, NameField, PromptField, button, column, editor, editors, grid
from .follower import Follower
from .gallery import Gallery
from .host import Foreign, GLib
from .ignition import Ignition
from .language import tr
from .live import Live, Wanted
from .memory import Memory, memory_file
from .menus import Menus
from .more_models import MoreModels
from .newpicture import ask_for_picture
from .pictures import PictureChooser, titled
from .protocol import Change
from .recipes import Recipe
from .starting import StartRow
from .studio import Studio
from .tasks import MORE, PANEL, Task, settings_for, task_for
from .turns import Turns, open_session
from .widgets import Gdk, GimpUi, Gtk

ROLE = "mahlstick-panel"
TITLE = "Mahlstick"
LOOK_MS = 120
WIDTH = 320  # pixels
_NOT_IN_PRESETS = {arguments.PROMPT.name, arguments.SEED.name}


class Panel:
    """The window, its session and the images it paints in."""

    def __init__(self, image: Foreign, config: Foreign) -> None:
        self._config = config
        self._turns = Turns()
        self._open = True
        self._follower = Follower(image)
        self._studio = Studio(open_session(self._turns.wake), self._refresh)
        self._live = Live(self._studio.session)
        self._studio.listeners.append(self._heard)
        self._memory = Memory(memory_file())
        self._seen: tuple[object, ...] = ()
        self._build()

    def run(self) -> None:
        """Show the panel and return when it was closed."""
        self.window.show_all()
        self._set(self._memory.values)
        self._refresh()
        self._prompt.view.grab_focus()
        timer = GLib.timeout_add(LOOK_MS, self._look)
        try:
            self._turns.run(self._turn)
        finally:
            GLib.source_remove(timer)
            self._live.stop()
            self._studio.close()
            self.window.destroy()

    def show(self, image: Foreign) -> None:
        """Come to the front, for this image if there is one."""
        if image is not None:
            self._follower.choose(image)
        self.window.present()
        self._refresh()

    def _turn(self) -> bool:
        self._studio.turn()
        return self._open

    def _heard(self, change: Change) -> None:
        if self._live.on:
            self._live.take(change)
            self._refresh()

    def _look(self) -> bool:
        """A look at what the painter did meanwhile, several times a second."""
        self._follower.look()
        self._studio.look()
        self._ignition.look()
        if self._live.on and not self._studio.busy:
            self._live.look()
        if self._view() != self._seen:
            self._refresh()
        return GLib.SOURCE_CONTINUE

    def _view(self) -> tuple[object, ...]:
        """What can change without the studio's telling."""
        image, (settings, task) = self._follower.current, self._task()
        names = [titled(picture) for picture in self._follower.open_images()]
        number = image.get_id() if image is not None else 0
        return (number, names, settings.task, task.label, self._live.message, self._live.can_keep)

    def _settings(self) -> Settings:
        return read_settings(self._config, PANEL)

    def _wanted(self) -> Wanted:
        settings, task = self._task()
        return Wanted(self._follower.current, task, settings)

    def _task(self) -> tuple[Settings, Task]:
        try:
            settings = self._settings()
        except PainterError:  # a seed that is none is told when the button is clicked
            settings = Settings(task=self._config.get_property(arguments.TASK.name))
        task = task_for(settings, self._follower.current)
        return settings_for(task, settings), task

    def _paint(self) -> None:
        if self._studio.busy:
            return
        try:
            self._begin()
        except PainterError as error:
            self._studio.say(str(error))

    def _begin(self) -> None:
        self._settings()  # says what is wrong with the seed
        if self._follower.current is None:
            self._follower.choose(ask_for_picture())
            self._refresh()
            return
        if self._live.on:
            self._live_button.set_active(False)
        self._gallery.clear()
        settings, task = self._task()
        image = self._follower.current
        if self._studio.paint(task.action, image, image.get_selected_layers(), settings):
            self._memory.add_prompt(settings.prompt)
            self._memory.keep(self._values())
            self._menus.refresh()

    def _cancel(self) -> None:
        self._studio.cancel()

    def _keep(self) -> None:
        if not self._live.on:
            self._studio.keep()
        elif self._live.keep() is not None:
            self._studio.say(tr("Kept as a layer."))

    def _toggle_live(self, button: Foreign) -> None:
        if button.get_active():
            self._live.start(self._wanted)
        else:
            self._live.stop()
        self._refresh()

    def _key(self, _window: Foreign, event: Foreign) -> bool:
        if event.keyval == Gdk.KEY_w and event.state & Gdk.ModifierType.CONTROL_MASK:
            return self._close()
        if event.keyval != Gdk.KEY_Escape:
            return False
        self._cancel()  # Escape never closes the panel: it would be gone by mistake
        return True

    def _close(self) -> bool:
        self._memory.keep(self._values())
        self._studio.cancel()
        self._open = False
        self._turns.wake()
        return True

    def _use(self, recipe: Recipe) -> None:
        self._prompt.write(recipe.prompt)
        kept = {
            "negative-prompt": recipe.negative_prompt,
            "seed": str(recipe.seed),
            "strength": recipe.strength,
            "model": recipe.model or "",
            "sampler": recipe.sampler or "",
            "steps": recipe.steps or 0,
            "guidance": recipe.guidance or 0.0,
            "soft-edge": recipe.soft_edge,
        }
        self._set(kept)
        self._pages.set_current_page(0)

    def _values(self) -> dict[str, object]:
        return {argument.name: self._config.get_property(argument.name) for argument in PANEL}

    def _presettable(self) -> Mapping[str, object]:
        values = self._values().items()
        return {name: value for name, value in values if name not in _NOT_IN_PRESETS}

    def _set(self, values: Mapping[str, object]) -> None:
        for argument in PANEL:
            value = values.get(argument.name)
            # A file may hold anything; whole numbers are good where others are wanted.
            if argument.accepts(value):
                self._config.set_property(argument.name, value)
        self._offer()

    def _offer(self) -> None:
        welcome = self._studio.welcome
        if welcome is not None:
            self._model.offer([model.name for model in welcome.models])
            self._sampler.offer(list(welcome.samplers))
            self._more.offer(welcome)

    def _refresh(self) -> None:
        """Show how things stand."""
        self._seen = self._view()
        studio, image = self._studio, self._follower.current
        job = studio.shown
        settings, task = self._task()
        label = task.label if image is not None else tr("New Picture...")
        self._paint_button.set_label(label)
        self._paint_button.set_sensitive(not studio.busy)
        self._cancel_button.set_sensitive(studio.busy)
        self._keep_button.set_sensitive(studio.can_keep or self._live.can_keep)
        self._ignition.show(studio.offline)
        self._bar.set_fraction(studio.progress)
        self._status.set_text(self._sentence())
        self._sides.set_visible(settings.task == "outpaint")
        self._factor.set_visible(settings.task == "upscale")
        self._pictures.show(self._follower.open_images(), image)
        if job is not None and job.painting is not None:
            self._gallery.show(job.painting, job.chosen)
        elif not studio.busy:
            self._gallery.clear()
        self.window.set_title(f"{TITLE} ({tr('painting')})" if studio.busy else TITLE)
        self._start.refresh(not studio.offline)
        self._album.show(image)
        self._offer()

    def _sentence(self) -> str:
        if not self._live.on or self._studio.busy:
            return self._studio.message
        return self._live.message or tr("Live: it is painted anew whenever your hand rests.")

    def _build(self) -> None:
        self.window = Gtk.Window(title=TITLE, role=ROLE)
        self.window.set_type_hint(Gdk.WindowTypeHint.UTILITY)
        self.window.set_default_size(WIDTH, -1)
        self.window.connect("delete-event", lambda *_: self._close())
        self.window.connect("key-press-event", self._key)
        GimpUi.window_set_transient(self.window)  # above GIMP's windows, not behind them
        self._pages = Gtk.Notebook()
        for title, page in (
            (tr("_Paint"), self._paint_page()),
            (tr("_Settings"), self._settings_page()),
            (tr("_History"), self._history_page()),
        ):
            page.set_border_width(2 * SPACING)
            self._pages.append_page(page, Gtk.Label(label=title, use_underline=True))
        self.window.add(self._pages)

    def _paint_page(self) -> Foreign:
        config = self._config
        self._prompt = PromptField(config, self._paint)
        self._menus = Menus(
            self._memory,
            lambda: self._prompt.text,
            self._prompt.write,
            self._presettable,
            self._set,
        )
        head = Gtk.Box()
        head.pack_start(self._prompt.label, True, True, 0)
        head.pack_start(self._menus.widget, False, False, 0)
        self._pictures = PictureChooser(self._follower.choose)
        self._column = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        self._sides = self._plain(arguments.SIDES)
        self._factor = self._plain((arguments.FACTOR,))
        self._gallery = Gallery(self._studio.choose)
        self._ignition = Ignition(self._studio.say)
        self._bar = Gtk.ProgressBar()
        self._start = StartRow()
        self._status = Gtk.Label(xalign=0.0, yalign=0.0, wrap=True)
        self._status.set_max_width_chars(40)
        asked = (arguments.NEGATIVE, arguments.TASK, arguments.STRENGTH)
        rows = grid(editors(asked, config), "plain", self._column)
        asked = (arguments.CANDIDATES, arguments.SEED)
        numbers = grid(editors(asked, config), "plain", self._column)
        return column(
            self._pictures.widget,
            head,
            self._prompt.widget,
            rows,
            self._sides,
            self._factor,
            numbers,
            self._buttons(),
            self._bar,
            self._status,
            self._start.widget,
            self._gallery.widget,
        )

    def _plain(self, rows: Sequence[Argument]) -> Foreign:
        table = grid(editors(rows, self._config), "plain", self._column)
        table.show_all()
        table.set_no_show_all(True)  # shown only with the task that needs it
        return table

    def _settings_page(self) -> Foreign:
        self._model = NameField(self._config, arguments.MODEL)
        self._sampler = NameField(self._config, arguments.SAMPLER)
        rows = [
            (arguments.MODEL, self._model.widget),
            (arguments.SAMPLER, self._sampler.widget),
            *((argument, editor(argument, self._config)) for argument in MORE),
        ]
        self._more = MoreModels()
        return column(grid(rows, "plain"), self._more.widget)

    def _history_page(self) -> Foreign:
        self._album = Album(self._use)
        return self._album.widget

    def _buttons(self) -> Foreign:
        self._paint_button = Gtk.Button()
        self._paint_button.get_style_context().add_class("suggested-action")
        self._paint_button.set_tooltip_text(tr("Enter in the prompt does the same"))
        self._paint_button.connect("clicked", lambda _button: self._paint())
        self._cancel_button = button(tr("C_ancel"), tr("Stop; the picture is as it was (Escape)"))
        self._cancel_button.connect("clicked", lambda _button: self._cancel())
        self._keep_button = button(tr("_Keep This"), tr("Stop, and keep what the canvas shows"))
        self._keep_button.connect("clicked", lambda _button: self._keep())
        self._live_button = Gtk.ToggleButton.new_with_mnemonic(tr("_Live"))
        self._live_button.set_tooltip_text(
            tr("Paint along: what you draw is repainted whenever your hand rests")
        )
        self._live_button.connect("toggled", self._toggle_live)
        row = Gtk.Box(spacing=SPACING, homogeneous=True)
        for each in (self._cancel_button, self._keep_button, self._live_button):
            row.pack_start(each, True, True, 0)
        return column(self._paint_button, row)
