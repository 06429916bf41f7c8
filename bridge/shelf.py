"""The models that are there, as a process of the engine's tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.errors import BridgeError
from bridge.offer import Offers, State, state_of
from bridge.workers.asking import answer_of

_MODULE = "bridge.workers.shelf"


class ShelfError(BridgeError):
    """A model that cannot be removed; the sentence says why."""


class NoAnswerError(BridgeError):
    """The process that looks at the models did not answer; the log says why."""


class Shelf:
    """Asks what there is, and asks again when files came or went, whichever program put them."""

    def __init__(
        self,
        options: Mapping[str, Any],
        folder: Path,
        offers: Offers,
        patience_s: float = 120.0,
    ) -> None:
        """`options` are the engine's, `folder` is our own; `offers` knows all folders."""
        self._options, self._folder = options, folder
        self._offers = offers
        self._patience_s = patience_s
        self._known: tuple[State, list[dict[str, Any]]] | None = None

    @property
    def options(self) -> Mapping[str, Any]:
        """The engine's options, by which it finds models."""
        return self._options

    async def models(self) -> list[dict[str, Any]]:
        """Return what is told of every model file; raises ShelfError and NoAnswerError."""
        state = await asyncio.to_thread(state_of, self._offers.folders)
        if self._known is None or self._known[0] != state:
            self._known = state, (await self._asked({}))["models"]
        return self._known[1]

    async def remove(self, name: str) -> bool:
        """Put a model of our own folder into its trash; tell whether there was one."""
        if all(one["name"] != name for one in await self.models()):
            return False
        told = await self._asked({"remove": name, "folder": str(self._folder)})
        if "removed" in told:
            await self._offers.look_again()
        return "removed" in told

    async def _asked(self, order: Mapping[str, Any]) -> dict[str, Any]:
        told = await answer_of(_MODULE, {**order, "options": self._options}, self._patience_s)
        if told is None:
            raise NoAnswerError("The models cannot be looked at; the log of the bridge says why.")
        if "error" in told:
            raise ShelfError(told["error"])
        return told
