"""The widgets for what a painter may ask for; each is bound to GIMP's ProcedureConfig.

So there are no values here, and GIMP remembers them between runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import arguments
from .arguments import Argument, Choice, Number
from .host import Foreign
from .language import tr
from .widgets import Gdk, GimpUi, Gtk

SPACING = 6
PROMPT_HEIGHT = 64


class PromptField:
    """A few lines of text with a label; `paint` is called by Enter."""

    def __init__(self, config: Foreign, paint: Callable[[], object]) -> None:
        self._paint = paint
        self.buffer = GimpUi.prop_text_buffer_new(config, arguments.PROMPT.name, -1)
        self.view = Gtk.TextView(
            buffer=self.buffer, wrap_mode=Gtk.WrapMode.WORD_CHAR, accepts_tab=False
        )
        for side in ("left", "right", "top", "bottom"):
            self.view.set_property(f"{side}-margin", SPACING // 2)
        hint = tr("Enter paints, Shift+Enter starts a line.")
        self.view.set_tooltip_text(f"{tr(arguments.PROMPT.blurb)}. {hint}")
        self.view.connect("key-press-event", self._key)
        scroll = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, min_content_height=PROMPT_HEIGHT)
        scroll.add(self.view)
        self.widget = scroll
        self.label = Gtk.Label(label=tr(arguments.PROMPT.label), use_underline=True, xalign=0.0)
        self.label.set_mnemonic_widget(self.view)

    @property
    def text(self) -> str:
        """What is written."""
        return self.buffer.get_text(*self.buffer.get_bounds(), True)

    def write(self, text: str) -> None:
        """Put another text in its place."""
        self.buffer.set_text(text, -1)
        self.view.grab_focus()

    def _key(self, _view: Foreign, event: Foreign) -> bool:
        enter = event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter)
        if not enter or event.state & Gdk.ModifierType.SHIFT_MASK:
            return False
        self._paint()
        return True


class NameField:
    """A box to choose a model or sampler in, from what the bridge has; empty is its own choice."""

    def __init__(self, config: Foreign, argument: Argument) -> None:
        self._config = config
        self._name = argument.name
        self._offered: list[str] = []
        self.widget = Gtk.ComboBoxText()
        self.widget.set_tooltip_text(tr(argument.blurb))
        for cell in self.widget.get_cells():
            cell.set_property("ellipsize", 3)  # Pango's END; a long name must not widen the panel
            cell.set_property("width-chars", 12)
        self.offer([])
        self.widget.connect("changed", self._chosen)

    def offer(self, names: list[str]) -> None:
        """Show these names; what was chosen before stays, even where the bridge lacks it."""
        chosen = self._config.get_property(self._name) or ""
        wanted = names if not chosen or chosen in names else [*names, chosen]
        if wanted != self._offered or self.widget.get_active_id() is None:
            self._offered = wanted
            self.widget.remove_all()
            self.widget.append("", tr("The usual one"))
            for name in wanted:
                self.widget.append(name, name)
        self.widget.set_active_id(chosen)

    def _chosen(self, _widget: Foreign) -> None:
        name = self.widget.get_active_id()
        if name is not None:  # nothing is active while the names are put in anew
            self._config.set_property(self._name, name)


def grid(
    rows: Sequence[tuple[Argument, Foreign]],
    letters: str = "underlined",
    labels: Foreign = None,
) -> Foreign:
    """Widgets below each other, with their labels left of them.

    `labels` is a Gtk.SizeGroup that makes the labels of several grids equally wide.
    """
    table = Gtk.Grid(column_spacing=2 * SPACING, row_spacing=SPACING)
    for row, (argument, widget) in enumerate(rows):
        text = tr(argument.label)
        if letters != "underlined":  # in one window no letter may be underlined twice
            text = text.replace("_", "")
        label = Gtk.Label(label=text, use_underline=True, xalign=0.0)
        label.set_mnemonic_widget(widget)
        widget.set_hexpand(True)
        if labels is not None:
            labels.add_widget(label)
        table.attach(label, 0, row, 1, 1)
        table.attach(widget, 1, row, 1, 1)
    return table


def editor(argument: Argument, config: Foreign) -> Foreign:
    """The widget for an argument."""
    widget = _editor(argument, config)
    widget.set_tooltip_text(tr(argument.blurb))
    return widget


def editors(rows: Sequence[Argument], config: Foreign) -> list[tuple[Argument, Foreign]]:
    """Arguments with their widgets."""
    return [(argument, editor(argument, config)) for argument in rows]


def column(*widgets: Foreign) -> Foreign:
    """Widgets below each other, as high as they want to be."""
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=SPACING)
    for widget in widgets:
        box.pack_start(widget, False, False, 0)
    return box


def button(label: str, hint: str) -> Foreign:
    """A button; the letter behind an underscore is its key with Alt."""
    made = Gtk.Button.new_with_mnemonic(label)
    made.set_tooltip_text(hint)
    return made


def _editor(argument: Argument, config: Foreign) -> Foreign:
    if isinstance(argument, Choice):
        return GimpUi.prop_choice_combo_box_new(config, argument.name)
    if isinstance(argument, Number):
        whole = isinstance(argument.default, int)
        step, page, digits = (1, 5, 0) if whole else (0.05, 0.25, 2)
        return GimpUi.prop_spin_button_new(config, argument.name, step, page, digits)
    return GimpUi.prop_entry_new(config, argument.name, -1)
