"""The list of what was painted in the image; a row's settings can be used again."""

from __future__ import annotations

from collections.abc import Callable

from .chronicle import Entry, entries_of
from .fields import SPACING
from .host import Foreign
from .language import tr
from .recipes import Recipe
from .widgets import Gtk


class Album:
    """Newest first; `use` is called with the recipe of the chosen row."""

    def __init__(self, use: Callable[[Recipe], None]) -> None:
        self._use = use
        self._entries: list[Entry] = []
        self._list = Gtk.ListBox(selection_mode=Gtk.SelectionMode.SINGLE)
        self._list.set_placeholder(_note(tr("Nothing was painted in this picture yet.")))
        self._list.connect("row-activated", lambda *_: self._chosen())
        scroll = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN)
        scroll.add(self._list)
        button = Gtk.Button.new_with_mnemonic(tr("_Use These Settings"))
        button.set_tooltip_text(tr("Put prompt, seed and settings of the chosen painting back"))
        button.connect("clicked", lambda _button: self._chosen())
        self.widget = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=SPACING)
        self.widget.pack_start(scroll, True, True, 0)
        self.widget.pack_start(button, False, False, 0)

    def show(self, image: Foreign) -> None:
        """Show the paintings of an image, None being no image."""
        entries = entries_of(image) if image is not None and image.is_valid() else []
        if entries == self._entries:
            return
        self._entries = entries
        for row in self._list.get_children():
            row.destroy()
        for entry in entries:
            label = Gtk.Label(label=entry.title, xalign=0.0, ellipsize=3, margin=SPACING // 2)
            label.set_tooltip_text(_told(entry.recipe))
            self._list.add(label)
        self._list.show_all()

    def _chosen(self) -> None:
        row = self._list.get_selected_row()
        if row is not None:
            self._use(self._entries[row.get_index()].recipe)


def _told(recipe: Recipe) -> str:
    lines = [
        recipe.prompt,
        tr("Mode: {mode}", mode=recipe.mode),
        tr("Seed: {seed}", seed=recipe.seed),
        tr("Model: {model}", model=recipe.model or ""),
        tr("Sampler: {sampler}", sampler=recipe.sampler or ""),
        tr("Strength: {strength:.2f}", strength=recipe.strength),
    ]
    return "\n".join(line for line in lines if line)


def _note(text: str) -> Foreign:
    label = Gtk.Label(label=text, wrap=True, margin=2 * SPACING)
    label.show()
    return label
