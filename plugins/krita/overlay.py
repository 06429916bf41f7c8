"""A film over Krita's canvas that is no part of the document: live mode's picture, or the masks.

Where the picture lies on the screen can only be asked from Krita 5.2 on; before, there is none and
the panel shows the film.
"""

from __future__ import annotations

from .host import KritaObject
from .qt import QtCore, QtGui, QtObject, QtWidgets
from .viewbox import draw
from .views import View

CANVASES = ("KisOpenGLCanvas2", "KisQPainterCanvas")  # Krita's classes


class Overlay(QtWidgets.QWidget):
    """Lies over one canvas at a time; the pen goes through it."""

    def __init__(self) -> None:
        super().__init__()
        self.view: View | None = None
        self._transform: QtObject = QtGui.QTransform()
        self.setObjectName("mahlstick_overlay")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()

    def show_view(self, view: View | None, window: KritaObject) -> None:
        """Lie over this window's canvas and show the view; nothing to show hides it."""
        transform = None if view is None or window is None else canvas_transform(window)
        canvas = None if transform is None else _canvas_of(window)
        if canvas is None:
            self.view = None
            if self.isVisible():
                self.hide()
                self.setParent(None)
            return
        if self.parentWidget() is not canvas:
            self.setParent(canvas)
        if self.geometry() != canvas.rect():
            self.setGeometry(canvas.rect())
        if view is not self.view or transform != self._transform:
            self.view, self._transform = view, transform
            self.update()
        if not self.isVisible():
            self.show()

    def transform_of_canvas(self) -> QtObject:
        """Return how canvas pixels come to lie on this widget."""
        return self._transform

    def paintEvent(self, _event: QtObject) -> None:
        """Qt's word that it is to be drawn."""
        if self.view is None:
            return
        region = self.view.region
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.setTransform(self._transform)
        frame = QtCore.QRectF(region.left, region.top, region.width, region.height)
        draw(painter, self.view, frame, with_base=False)
        painter.end()


def canvas_transform(window: KritaObject) -> QtObject:
    """Return how canvas pixels come to lie on the canvas widget; None where Krita does not say."""
    view = window.activeView()
    if view is None or not hasattr(view, "flakeToImageTransform"):
        return None
    from_image, can_be = view.flakeToImageTransform().inverted()
    return from_image * view.flakeToCanvasTransform() if can_be else None


def _canvas_of(window: KritaObject) -> QtObject:
    area = window.qwindow().findChild(QtWidgets.QMdiArea)
    shown = area.currentSubWindow() if area is not None else None
    if shown is None:
        return None
    found = (w for w in shown.findChildren(QtWidgets.QWidget) if _is_canvas(w))
    return next(found, None)


def _is_canvas(widget: QtObject) -> bool:
    return widget.metaObject().className() in CANVASES
