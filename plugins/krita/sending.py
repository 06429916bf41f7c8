"""From the click to the message: the picture is read in strips, then prepared in the darkroom."""

from __future__ import annotations

from collections.abc import Callable

from .darkroom import Order
from .protocol import Submit
from .reading import Reading, Scene


class Sending:
    """One job's way to the bridge; a step a turn of Krita's event loop."""

    def __init__(
        self,
        reading: Reading | None,
        compose: Callable[[Scene | None], Submit],
        ask: Callable[..., Order],
    ) -> None:
        """`compose` makes the message of what was read, in the darkroom; of None if nothing is."""
        self.scene: Scene | None = None
        self._reading = reading
        self._compose = compose
        self._ask = ask
        self._order: Order[Submit] | None = None

    def step(self) -> Submit | None:
        """Do a turn's work; return the message once it is ready."""
        if self._order is not None:
            return self._order.result if self._order.done else None
        if self._reading is not None and not self._reading.done:
            self._reading.step()
            if not self._reading.done:
                return None
        self._order = self._ask(self._composed)
        return self._order.result if self._order.done else None

    @property
    def failed(self) -> bool:
        """Whether the message could not be made: a fault of ours, which the log tells."""
        return self._order is not None and self._order.done and self._order.result is None

    def mask(self) -> bytes | None:
        """Return the selection that was read, once it is; None without one."""
        return None if self.scene is None else self.scene.mask

    def _composed(self) -> Submit:
        self.scene = None if self._reading is None else self._reading.scene()
        return self._compose(self.scene)
