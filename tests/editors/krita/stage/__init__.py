"""A plugin for the tests only: plays one scenario inside Krita and quits.

A scenario is a generator that yields whenever Krita's event loop should run; nested event loops
starve Krita (its active layer stays None for ever). What it learns it leaves in `stage.facts` and
in files.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import krita

try:
    from pykrita import qt_major_version
except ImportError:  # before Krita 5.3: Qt 5
    QT = "PyQt5"
else:
    QT = f"PyQt{qt_major_version()}"

QtCore = importlib.import_module(f"{QT}.QtCore")
QtWidgets = importlib.import_module(f"{QT}.QtWidgets")
QPoint, QProcess, QTimer = QtCore.QPoint, QtCore.QProcess, QtCore.QTimer
QAbstractItemView, QApplication, QWidget = (
    QtWidgets.QAbstractItemView,
    QtWidgets.QApplication,
    QtWidgets.QWidget,
)

OUT = Path(os.environ.get("MAHLSTICK_STAGE_OUT", "."))
TICK_MS = 5
PATIENCE_S = 120.0  # it only catches what hangs: a busy machine stalls for long
STATUS_BAR_HEIGHT = 44  # pixels, the progress of a stroke included
Steps = Iterator[None]


class Stage:
    """What a scenario works with: Krita, the clock, a mouse and a keyboard."""

    def __init__(self) -> None:
        self.app = krita.Krita.instance()
        self.facts: dict[str, object] = {}
        self.arguments: dict[str, str] = json.loads(os.environ["MAHLSTICK_STAGE_ARGUMENTS"])
        self.out = OUT

    @property
    def window(self) -> QWidget:
        """Krita's main window."""
        return self.app.activeWindow().qwindow()

    def until(self, holds: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> Steps:
        """Let Krita run until something holds; fail with a sentence when it never does."""
        end = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"Waited {timeout_s} s in vain until {what}.")
            yield

    def rest(self, seconds: float) -> Steps:
        """Let Krita run for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield

    def open(self, width: int, height: int, bgra: bytes) -> Iterator[None]:
        """A new document with one layer, shown, active and ready: `x = yield from stage.open()`."""
        document = self.app.createDocument(width, height, "scene", "RGBA", "U8", "", 300.0)
        document.setBatchmode(True)
        document.rootNode().childNodes()[0].setPixelData(bgra, 0, 0, width, height)
        document.refreshProjection()
        document.waitForDone()
        yield from self.show(document)
        return document

    def show(self, document: krita.Document) -> Steps:
        """Give a document a view, and wait until it is the active one.

        The status bar keeps its height from then on. A stroke that takes long shows its progress
        there; where that made the bar higher and the canvas lower, Krita 5.1 fitted the picture to
        the canvas again while it held the lock that zooming waits for, and stood still for ever.
        """
        bar = self.window.statusBar()
        bar.setFixedHeight(max(bar.height(), STATUS_BAR_HEIGHT))
        self.app.activeWindow().addView(document)
        yield from self.until(
            lambda: self.app.activeDocument() == document and document.activeNode() is not None,
            "the document is shown and active",
        )

    def undo_texts(self) -> list[str]:
        """The entries of the undo stack, the undone ones included, as the painter reads them."""
        model = self._undo_view().model()
        return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]

    def can_undo(self) -> bool:
        """Whether the painter has anything to undo: the undo view stands below its first row."""
        return self._undo_view().currentIndex().row() > 0

    def undo_place(self) -> int:
        """How many entries of the undo stack are done."""
        return self._undo_view().currentIndex().row()

    def undo(self, document: krita.Document) -> Steps:
        """Undo one step, as the menu does."""
        yield from self._act("edit_undo", document)

    def redo(self, document: krita.Document) -> Steps:
        """Redo one step, as the menu does."""
        yield from self._act("edit_redo", document)

    def _act(self, action: str, document: krita.Document) -> Steps:
        self.app.action(action).trigger()
        document.waitForDone()
        yield from self.rest(0.1)

    def _undo_view(self) -> QAbstractItemView:
        return next(w for w in QApplication.allWidgets() if w.inherits("KisUndoView"))

    def click(self, widget: QWidget) -> Steps:
        """Press the mouse on a widget, as a hand would."""
        at = None
        while at != _middle(widget):  # what ends meanwhile may move what is below it
            at = _middle(widget)
            yield from self.xdotool("mousemove", str(at.x()), str(at.y()))
            yield from self.rest(0.1)
        yield from self.xdotool("click", "1")

    def press(self, widget: QWidget) -> Steps:
        """Hold the mouse down in a corner of a widget, as a hand does that draws a stroke."""
        at = widget.mapToGlobal(QPoint(2, widget.height() - 2))
        yield from self.xdotool("mousemove", str(at.x()), str(at.y()), "mousedown", "1")
        buttons = QtCore.Qt.MouseButton
        yield from self.until(
            lambda: QApplication.mouseButtons() != buttons.NoButton, "the button is down"
        )

    def release(self) -> Steps:
        """Let the mouse go."""
        yield from self.xdotool("mouseup", "1")

    def widget(self, name: str) -> QWidget | None:
        """The visible widget of this name; None when there is none."""
        known = QApplication.allWidgets()
        return next((w for w in known if w.objectName() == name and w.isVisible()), None)

    def colour_at(self, widget: QWidget, place: tuple[int, int]) -> list[int]:
        """Return red, green and blue that the screen shows at a place on a widget."""
        at = widget.mapToGlobal(QPoint(*place))
        image = QApplication.primaryScreen().grabWindow(0).toImage()
        colour = image.pixelColor(at)
        return [colour.red(), colour.green(), colour.blue()]

    def save_view(self, widget: QWidget, name: str) -> None:
        """Save what a widget looks like as a PNG."""
        widget.grab().save(str(self.out / f"view-{name}"))

    def type(self, text: str) -> Steps:
        """Type on the keyboard."""
        yield from self.xdotool("type", "--delay", "15", text)

    def xdotool(self, *arguments: str) -> Steps:
        """Run xdotool while Krita goes on."""
        process = QProcess()
        process.start("xdotool", list(arguments))
        yield from self.until(
            lambda: process.state() == QProcess.ProcessState.NotRunning, "xdotool has ended"
        )
        yield from self.rest(0.05)

    def picture_of_the_screen(self, name: str) -> None:
        """Save what is on the screen as a PNG."""
        self.app.activeWindow()
        screen = QApplication.primaryScreen()
        screen.grabWindow(0).save(str(self.out / name))

    def save_pixels(self, document: krita.Document, name: str) -> None:
        """Save the merged picture, BGRA."""
        document.waitForDone()
        pixels = document.pixelData(0, 0, document.width(), document.height())
        (self.out / name).write_bytes(bytes(pixels))


def _middle(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(QPoint(widget.width() // 2, widget.height() // 2))


class Player:
    """Drives the scenario, one step a tick, and closes Krita when it is over."""

    def __init__(self) -> None:
        self._stage = Stage()
        self._steps: Steps | None = None
        self._over = False
        self._timer = QTimer()
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        sys.excepthook = self._hook

    def start(self) -> None:
        """Begin once Krita has a window."""
        self._timer.start()

    def _tick(self) -> None:
        try:
            if self._steps is None:
                if self._stage.app.activeWindow() is None:
                    return
                self._steps = _scenario()(self._stage)
            next(self._steps)
        except StopIteration:
            self._end("")
        except Exception:  # noqa: BLE001 - the outermost loop: everything becomes the test's message
            self._end(traceback.format_exc())

    def _hook(
        self, kind: type[BaseException], error: BaseException, at: TracebackType | None
    ) -> None:
        self._end("In a slot: " + "".join(traceback.format_exception(kind, error, at)))

    def _end(self, error: str) -> None:
        self._timer.stop()
        if self._over:
            _add_to_report(error)
            return
        self._over = True
        if error:
            self._stage.picture_of_the_screen("failure.png")
        report = {"error": error, "facts": self._stage.facts}
        (OUT / "report.json").write_text(json.dumps(report), encoding="utf-8")
        for document in self._stage.app.documents():
            document.setModified(False)
        self._stage.app.action("file_quit").trigger()


def _add_to_report(error: str) -> None:
    path = OUT / "report.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["error"] = report["error"] or error
    path.write_text(json.dumps(report), encoding="utf-8")


def _scenario() -> Callable[[Stage], Steps]:
    path = Path(os.environ["MAHLSTICK_STAGE_SCENARIO"])
    spec = importlib.util.spec_from_file_location("mahlstick_scenario", path)
    assert spec is not None
    assert spec.loader is not None
    sys.path.insert(0, str(path.parent))  # where the scenarios' common parts are
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.scenario


class _Extension(krita.Extension):
    def setup(self) -> None:
        self.player = Player()
        QTimer.singleShot(300, self.player.start)

    def createActions(self, window: object) -> None:
        pass


if "MAHLSTICK_STAGE_SCENARIO" in os.environ:
    krita.Krita.instance().addExtension(_Extension(krita.Krita.instance()))
