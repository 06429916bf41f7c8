"""What Krita loads: the studio, its timer, the panel and the actions."""

from __future__ import annotations

import json
from collections.abc import Callable

from . import docker
from .actions import ACTIONS, Action
from .archive import Archive
from .darkroom import Darkroom
from .easel import Tools
from .host import KritaObject, krita
from .language import tr
from .overlay import Overlay
from .pictures import base, cut, film, holes, jpeg_of, over, patch, swapped, tinted
from .prompts import PromptHistory
from .protocol import Session, new_id
from .qt import QtCore, QtWidgets
from .spoken import speak_as_krita
from .studio import Studio
from .views import Optics

GROUP = "mahlstick"  # of Krita's settings
BUSY_MS = 15
IDLE_MS = 150


class MahlstickExtension(krita.Extension):
    """Owns the studio; one in a Krita."""

    def __init__(self, app: KritaObject, studio: Studio) -> None:
        super().__init__(app)
        self._studio = studio
        self._overlay = Overlay()
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._tick)

    def setup(self) -> None:
        """Krita's word that it is ready."""
        self._timer.start(IDLE_MS)
        QtCore.QCoreApplication.instance().aboutToQuit.connect(self._quit)

    def createActions(self, window: KritaObject) -> None:
        """Put the actions into a window's Tools menu, where shortcuts can be given to them."""
        for known in ACTIONS:
            action = window.createAction(known.name, tr(known.text), "tools/scripts")
            action.triggered.connect(_panel_does(known))

    def _quit(self) -> None:
        self._timer.stop()
        prompts = json.dumps(self._studio.prompts.prompts)
        krita.Krita.instance().writeSetting(GROUP, "prompts", prompts)
        self._overlay.show_view(None, None)
        self._studio.close()

    def _tick(self) -> None:
        self._studio.tick()
        self._lay_over()
        quick = self._studio.hurried or self._studio.live.on
        wanted = BUSY_MS if quick else IDLE_MS
        if self._timer.interval() != wanted:
            self._timer.setInterval(wanted)

    def _lay_over(self) -> None:
        view, window = self._studio.view, krita.Krita.instance().activeWindow()
        if view is None and self._overlay.view is None:
            return
        self._overlay.show_view(view, window)
        overlaid = self._overlay.view is not None
        if overlaid != self._studio.overlaid:
            self._studio.overlaid = overlaid
            self._studio.tell()


def _panel_does(known: Action) -> Callable[[], None]:
    def run() -> None:
        # Not through the window that Krita hands to `createActions`: its wrapper is gone by now.
        for panel in krita.Krita.instance().dockers():
            if panel.objectName() == docker.ID:
                method = getattr(panel, known.method)
                method(known.choice) if known.choice else method()

    return run


def _hand_rests() -> bool:
    buttons = QtWidgets.QApplication.mouseButtons()
    return buttons == QtCore.Qt.MouseButton.NoButton


def _known_prompts(app: KritaObject) -> list[str]:
    try:
        told = json.loads(app.readSetting(GROUP, "prompts", "[]"))
    except ValueError:
        return []
    return [str(prompt) for prompt in told] if isinstance(told, list) else []


def register() -> None:
    """Give Krita the extension and the panel."""
    speak_as_krita()
    app = krita.Krita.instance()
    known = app.readSetting(GROUP, "session", "")
    session_id = known or new_id()
    if not known:
        app.writeSetting(GROUP, "session", session_id)
    session = Session(f"krita {app.version()}", session_id)
    session.start()
    ask = Darkroom().ask
    optics = Optics(base, film, tinted)
    tools = Tools(patch, swapped, over, cut, holes, _hand_rests, ask, optics)
    studio = Studio(app, session, tools, Archive(app, ask, jpeg_of))
    studio.prompts = PromptHistory(_known_prompts(app))
    app.addExtension(MahlstickExtension(app, studio))
    place = krita.DockWidgetFactoryBase.DockPosition.DockRight
    factory = krita.DockWidgetFactory(docker.ID, place, lambda: docker.PaintDocker(studio))
    app.addDockWidgetFactory(factory)
