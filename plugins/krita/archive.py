"""What was painted is written into its document; packing thumbnails and masks is done elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from .canvas import in_front
from .darkroom import Order
from .easel import Easel
from .history import Entry, deflated, entries_of, forget, packed, remember
from .layers import PaintLayer
from .libkis import App, Document
from .protocol import Painted, Picture, moved

THUMBNAIL = 96  # pixels of its longer side


@dataclass
class _Waiting:
    layer: PaintLayer
    order: Order[Entry]


class Archive:
    """Writes the history of documents."""

    def __init__(
        self,
        app: App,
        ask: Callable[..., Order],
        jpeg_of: Callable[[Picture, int], bytes],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._ask = ask
        self._jpeg_of = jpeg_of
        self._now = now
        self._waiting: list[_Waiting] = []

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return bool(self._waiting)

    def note(self, easel: Easel) -> None:
        """Remember the candidate that was just laid on the canvas."""
        layer, laid = easel.layer, easel.laid
        if layer is None or laid is None or layer.gone:
            return
        painted = easel.painting.results[laid]
        wish = replace(easel.errand.wish, seed=easel.painting.seed)
        entry = Entry(
            job=painted.job,
            candidate=laid,
            seed=painted.seed,
            time=self._now(),
            label=easel.errand.label,
            layer=layer.node.uniqueId().toString(),
            rect=layer.placed(moved(painted.paste, easel.errand.origin)),
            wish=wish,
            record=painted.record,
        )
        self._waiting.append(_Waiting(layer, self._ask(lambda: self._packed(entry, painted))))
        self.tick()

    def tick(self) -> bool:
        """Write what is packed into its document; tell whether something was."""
        ready = [waiting for waiting in self._waiting if waiting.order.done]
        for waiting in ready:
            self._waiting.remove(waiting)
            if waiting.order.result is not None and not waiting.layer.gone:
                remember(waiting.layer.document, waiting.order.result)
        return bool(ready)

    def entries(self) -> list[Entry]:
        """Return what was painted in the document in front, newest first."""
        document = in_front(self._app)
        return [] if document is None else entries_of(document)

    def drop(self, document: Document, job: str) -> None:
        """Forget a painting that was taken back."""
        forget(document, job)

    def _packed(self, entry: Entry, painted: Painted) -> Entry:
        return replace(
            entry,
            thumbnail=packed(self._jpeg_of(painted.picture, THUMBNAIL)),
            mask=deflated(painted.picture.data[3::4]),
        )
