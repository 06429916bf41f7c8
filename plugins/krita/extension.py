"""What Krita loads: the studio, its timer, the panel and the actions."""

from __future__ import annotations

from collections.abc import Callable

from . import docker
from .easel import Tools
from .host import KritaObject, krita
from .pictures import patch, swapped
from .protocol import Session, new_id
from .qt import QtCore, QtWidgets
from .studio import Studio

GROUP = "mahlstick"  # of Krita's settings
BUSY_MS = 15
IDLE_MS = 150
ACTIONS = {
    "mahlstick_paint": ("Paint with Mahlstick", "paint_now"),
    "mahlstick_cancel": ("Cancel Painting", "cancel_now"),
    "mahlstick_keep": ("Keep What Is Painted", "keep_now"),
    "mahlstick_undo": ("Undo This Painting", "undo_now"),
}


class MahlstickExtension(krita.Extension):
    """Owns the studio; one in a Krita."""

    def __init__(self, app: KritaObject, studio: Studio) -> None:
        super().__init__(app)
        self._studio = studio
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._tick)

    def setup(self) -> None:
        """Krita's word that it is ready."""
        self._timer.start(IDLE_MS)
        QtCore.QCoreApplication.instance().aboutToQuit.connect(self._quit)

    def createActions(self, window: KritaObject) -> None:
        """Put the actions into a window's Tools menu, where shortcuts can be given to them."""
        for name, (text, method) in ACTIONS.items():
            action = window.createAction(name, text, "tools/scripts")
            action.triggered.connect(_panel_does(method))

    def _quit(self) -> None:
        self._timer.stop()
        self._studio.close()

    def _tick(self) -> None:
        self._studio.tick()
        wanted = BUSY_MS if self._studio.busy else IDLE_MS
        if self._timer.interval() != wanted:
            self._timer.setInterval(wanted)


def _panel_does(method: str) -> Callable[[], None]:
    def run() -> None:
        # Not through the window that Krita hands to `createActions`: its wrapper is gone by now.
        for panel in krita.Krita.instance().dockers():
            if panel.objectName() == docker.ID:
                getattr(panel, method)()

    return run


def _hand_rests() -> bool:
    buttons = QtWidgets.QApplication.mouseButtons()
    return buttons == QtCore.Qt.MouseButton.NoButton


def register() -> None:
    """Give Krita the extension and the panel."""
    app = krita.Krita.instance()
    known = app.readSetting(GROUP, "session", "")
    session_id = known or new_id()
    if not known:
        app.writeSetting(GROUP, "session", session_id)
    session = Session(f"krita {app.version()}", session_id)
    session.start()
    studio = Studio(app, session, Tools(patch, swapped, _hand_rests))
    app.addExtension(MahlstickExtension(app, studio))
    place = krita.DockWidgetFactoryBase.DockPosition.DockRight
    factory = krita.DockWidgetFactory(docker.ID, place, lambda: docker.PaintDocker(studio))
    app.addDockWidgetFactory(factory)
