"""Two small menus beside the prompt: what was painted before, and settings with a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .host import Foreign
from .language import tr
from .memory import Memory, Preset
from .widgets import GimpUi, Gtk

WIDTH = 40  # characters of a prompt in the menu


class Menus:
    """`write` puts a prompt into the field, `read` gives what is there; settings by name."""

    def __init__(
        self,
        memory: Memory,
        read: Callable[[], str],
        write: Callable[[str], None],
        settings: Callable[[], Mapping[str, object]],
        set_settings: Callable[[Mapping[str, object]], None],
    ) -> None:
        self._memory = memory
        self._read, self._write = read, write
        self._settings, self._set = settings, set_settings
        self.widget = Gtk.Box(spacing=0)
        self._prompts = self._button(tr("History"), tr("Prompts that you painted with"))
        self._presets = self._button(tr("Presets"), tr("Styles, and settings with a name"))
        self.refresh()

    def refresh(self) -> None:
        """Build both menus anew."""
        self._prompts.set_popup(self._history_menu())
        self._presets.set_popup(self._preset_menu())

    def _button(self, text: str, hint: str) -> Foreign:
        button = Gtk.MenuButton(relief=Gtk.ReliefStyle.NONE)
        row = Gtk.Box(spacing=2)
        row.add(Gtk.Label(label=text))
        row.add(Gtk.Image.new_from_icon_name("pan-down-symbolic", Gtk.IconSize.MENU))
        button.add(row)
        button.set_tooltip_text(hint)
        self.widget.add(button)
        return button

    def _history_menu(self) -> Foreign:
        menu = Gtk.Menu()
        for prompt in self._memory.prompts:
            line = " ".join(prompt.split())
            shown = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
            _add(menu, shown, self._write, prompt)
        if not self._memory.prompts:
            _add(menu, tr("Nothing was painted yet"), None)
        menu.show_all()
        return menu

    def _preset_menu(self) -> Foreign:
        menu = Gtk.Menu()
        for preset in self._memory.presets:
            shown = preset.name if self._memory.own(preset.name) else tr(preset.name)
            _add(menu, shown, self._apply, preset)
        menu.append(Gtk.SeparatorMenuItem())
        _add(menu, tr("Save These Settings..."), self._save)
        for preset in self._memory.presets:
            if self._memory.own(preset.name):
                _add(menu, tr("Forget “{name}”", name=preset.name), self._forget, preset.name)
        menu.show_all()
        return menu

    def _apply(self, preset: Preset) -> None:
        self._set(preset.values)
        if preset.style:
            self._write(preset.styled(self._read()))

    def _save(self) -> None:
        window = GimpUi.Dialog(title=tr("Mahlstick: Save Settings"), role="mahlstick-preset")
        entry = Gtk.Entry(activates_default=True)
        label = Gtk.Label(label=tr("A name for these settings:"), xalign=0.0)
        area = window.get_content_area()
        area.set_border_width(12)
        area.set_spacing(6)
        area.pack_start(label, False, False, 0)
        area.pack_start(entry, False, False, 0)
        window.add_button(tr("_Cancel"), Gtk.ResponseType.CANCEL)
        window.add_button(tr("_Save"), Gtk.ResponseType.OK)
        window.set_default_response(Gtk.ResponseType.OK)
        window.show_all()
        answer, name = window.run(), entry.get_text().strip()
        window.destroy()
        if answer == Gtk.ResponseType.OK and name:
            self._memory.save(Preset(name, "", self._settings()))
            self.refresh()

    def _forget(self, name: str) -> None:
        self._memory.forget(name)
        self.refresh()


def _add(menu: Foreign, label: str, act: Callable[..., None] | None, *given: object) -> None:
    item = Gtk.MenuItem(label=label)
    item.set_sensitive(act is not None)
    if act is not None:
        item.connect("activate", lambda _item: act(*given))
    menu.append(item)
