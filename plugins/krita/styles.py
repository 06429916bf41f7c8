"""The button for styles: the bridge's presets, by group, several at once."""

from __future__ import annotations

from collections.abc import Iterable

from .language import tr
from .protocol import PresetInfo, Welcome
from .qt import QtObject, QtWidgets


class Styles(QtWidgets.QToolButton):
    """Opens a menu of presets; what is chosen is written on the button."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: tuple[str, ...] = ()
        self._offered: list[PresetInfo] = []
        self._actions = {}
        self.setObjectName("mahlstick_styles_button")
        self.setToolTip(tr("Words for a medium, a style, a light that go with the prompt"))
        self.setPopupMode(QtWidgets.QToolButton.ToolButtonPopupMode.InstantPopup)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Fixed)  # a long choice must not widen the panel
        self.setMenu(QtWidgets.QMenu(self))
        self._name()
        self.hide()

    def offer(self, welcome: Welcome | None) -> None:
        """Let the painter choose from what the bridge has; what it has no more is given up."""
        if welcome is None or welcome.presets == self._offered:
            return
        self._offered = list(welcome.presets)
        self.menu().clear()
        self._actions = {}
        groups = {}
        for preset in self._offered:
            if preset.group not in groups:
                groups[preset.group] = self.menu().addMenu(preset.group.capitalize())
                groups[preset.group].setToolTipsVisible(True)
            self._add(preset, groups[preset.group])
        self.menu().addSeparator()
        nothing = self.menu().addAction(tr("No style"))
        nothing.triggered.connect(lambda _checked=False: self.choose(()))
        self.setVisible(bool(self._offered))
        self.choose(name for name in self.chosen if name in self._actions)

    def choose(self, names: Iterable[str]) -> None:
        """Choose these presets and no others."""
        self.chosen = tuple(names)
        for name, action in self._actions.items():
            action.setChecked(name in self.chosen)
        self._name()

    def _add(self, preset: PresetInfo, menu: QtObject) -> None:
        action = menu.addAction(preset.title)
        action.setCheckable(True)
        action.setToolTip(preset.note or preset.title)
        action.toggled.connect(lambda on, name=preset.name: self._toggled(name, on))
        self._actions[preset.name] = action

    def _toggled(self, name: str, on: bool) -> None:
        others = tuple(known for known in self.chosen if known != name)
        self.chosen = (*others, name) if on else others
        self._name()

    def _name(self) -> None:
        titles = [preset.title for preset in self._offered if preset.name in self.chosen]
        said = ", ".join(titles) or tr("No style")
        self.setText(said)
        self.setAccessibleName(tr("Style: {styles}", styles=said))
