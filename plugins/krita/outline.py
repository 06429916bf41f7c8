"""Where paint would go, before anything is painted: the bridge's own masks, shown as a film.

The job is asked for, tells its layout, and is cancelled before its first step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .canvas import CanvasError, in_front
from .commissions import reader_of
from .darkroom import Order
from .easel import Tools
from .language import tr
from .libkis import App
from .protocol import Painting, Rect, Session, moved
from .sending import Sending
from .views import SIDE, View
from .wishes import Intent, Wish


@dataclass
class _Asked:
    sending: Sending
    region: Rect
    painting: Painting | None = None
    orders: tuple[Order, Order] | None = None


class Outliner:
    """Finds out and shows where paint would go."""

    def __init__(self, app: App, session: Session, tools: Tools) -> None:
        self.view: View | None = None
        self.message = ""
        self._app = app
        self._session = session
        self._tools = tools
        self._asked: _Asked | None = None

    @property
    def busy(self) -> bool:
        """Whether it is still being found out."""
        return self._asked is not None

    def show(self, wish: Wish, intent: Intent) -> None:
        """Find out where this would paint in the picture in front."""
        self.hide()
        document = in_front(self._app)
        if document is None or not self._session.online:
            self.message = tr(
                "The masks can be shown when a picture is open and the bridge is there."
            )
            return
        wish = replace(wish, candidates=1, steps=1)
        try:
            sending, region = reader_of(self._app, document, self._tools, wish, intent)
        except CanvasError as error:
            self.message = str(error)
            return
        self._asked = _Asked(sending, region)

    def hide(self) -> None:
        """Show nothing more."""
        self._give_up()
        self.view, self.message = None, ""

    def tick(self) -> bool:
        """Use a turn of Krita's event loop; tell whether there is something new to show."""
        asked = self._asked
        if asked is None:
            return False
        if asked.painting is None:
            return self._send(asked)
        if asked.orders is None or not all(order.done for order in asked.orders):
            return False
        base, film = (order.result for order in asked.orders)
        layout = asked.painting.layout
        self._asked = None
        if layout is None or base is None or film is None:
            return False
        by = (asked.region.left, asked.region.top)
        canvas = Rect(0, 0, layout.canvas_width, layout.canvas_height)
        region = asked.region if canvas.width == asked.region.width else moved(canvas, by)
        self.view = View(region, base, moved(layout.context, by), film, moved(layout.context, by))
        return True

    def take(self, painting: Painting) -> bool:
        """Understand what the bridge tells; False when it is about another job."""
        asked = self._asked
        if asked is None or asked.painting is None or painting.job != asked.painting.job:
            return False
        asked.painting = painting
        if painting.state == "failed":
            self.message = painting.message
            self._asked = None
        elif painting.layout is not None and asked.orders is None:
            self._session.cancel(painting.job)
            self._develop(asked, painting)
        return True

    def _send(self, asked: _Asked) -> bool:
        submit = asked.sending.step()
        if submit is not None:
            submit = replace(submit, previews=False, on_disconnect="cancel", first=True)
            asked.painting = self._session.submit(submit)
        elif asked.sending.failed:
            self._asked = None
        return False

    def _develop(self, asked: _Asked, painting: Painting) -> None:
        layout, scene, optics = painting.layout, asked.sending.scene, self._tools.optics
        if layout is None or scene is None:
            self._asked = None
            return
        asked.orders = (
            self._tools.ask(lambda: optics.base(scene, SIDE)),
            self._tools.ask(
                lambda: optics.tinted(
                    layout.mask.data, layout.paste, layout.denoise, layout.context, SIDE
                )
            ),
        )

    def _give_up(self) -> None:
        if self._asked is not None and self._asked.painting is not None:
            self._session.cancel(self._asked.painting.job)
        self._asked = None
