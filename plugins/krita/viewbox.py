"""The picture in the panel: what live mode paints, or the masks before anything is painted."""

from __future__ import annotations

from .language import tr
from .protocol import Rect
from .qt import QtCore, QtGui, QtObject, QtWidgets
from .views import View

HIGHEST = 320  # pixels


class ViewBox(QtWidgets.QWidget):
    """Draws a view, as wide as the panel; as high as the picture's proportions want."""

    def __init__(self) -> None:
        super().__init__()
        self.view: View | None = None
        self.setObjectName("mahlstick_view")
        self.setAccessibleName(tr("What would be painted"))
        self.hide()

    def show_view(self, view: View | None, caption: str) -> None:
        """Show this view, or nothing; the caption is its tooltip and what screen readers say."""
        if view is not self.view:
            self.view = view
            self._fit()
            self.update()
        self.setToolTip(caption)
        self.setAccessibleDescription(caption)
        self.setVisible(view is not None)

    def resizeEvent(self, event: QtObject) -> None:
        """Qt's word that the size is another."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, _event: QtObject) -> None:
        """Qt's word that it is to be drawn."""
        if self.view is None:
            return
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        draw(painter, self.view, self._frame(self.view.region), with_base=True)
        painter.end()

    def _fit(self) -> None:
        if self.view is not None and self.width() > 0:
            region = self.view.region
            wanted = min(HIGHEST, max(1, round(self.width() * region.height / region.width)))
            if self.minimumHeight() != wanted:
                self.setFixedHeight(wanted)

    def _frame(self, region: Rect) -> QtObject:
        scale = min(self.width() / region.width, self.height() / region.height)
        width, height = region.width * scale, region.height * scale
        return QtCore.QRectF((self.width() - width) / 2, 0, width, height)


def draw(painter: QtObject, view: View, frame: QtObject, *, with_base: bool) -> None:
    """Draw a view so that its region fills the frame; without the base only what lies over it."""
    region, x = view.region, frame.width() / view.region.width
    y = frame.height() / region.height

    def on_screen(rect: QtObject) -> QtObject:
        return QtCore.QRectF(
            frame.left() + (rect.left - region.left) * x,
            frame.top() + (rect.top - region.top) * y,
            rect.width * x,
            rect.height * y,
        )

    painter.setClipRect(frame)
    if with_base:
        painter.fillRect(frame, QtGui.QColor(128, 128, 128))
        painter.drawImage(frame, view.base)
    painter.drawImage(on_screen(view.place), view.film)
    if view.frame is not None:
        for colour, style in (("white", "SolidLine"), ("black", "DashLine")):
            pen = QtGui.QPen(QtGui.QColor(colour))
            pen.setStyle(getattr(QtCore.Qt.PenStyle, style))
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawRect(on_screen(view.frame).adjusted(0.5, 0.5, -0.5, -0.5))
