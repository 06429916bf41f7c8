"""What the engine can paint with, asked of a short-lived process: hooks stay out of the bridge."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.wire.messages import ModelInfo, Obtainable, PresetInfo
from bridge.workers.asking import answer_of

_DEPTH = 3  # of folders in a models folder, down to which changes are looked for
_SUFFIX = ".safetensors"

State = dict[str, tuple[int, int]]  # of folders and weights: when each changed, and its size
Renewed = Callable[["Offer"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Offer:
    """The engine's part of a welcome."""

    models: tuple[ModelInfo, ...] = ()
    samplers: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    prefills: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    presets: tuple[PresetInfo, ...] = ()
    obtainable: tuple[Obtainable, ...] = ()
    loras: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    candidates: int = 16  # at most, in one job
    steps: int = 500


class Offers:
    """Asks once and remembers; asks again when models come or go.

    When there was no answer it is asked again too, but not at once.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        known: Offer | None = None,
        *,
        folders: Sequence[Path] = (),
        patience_s: float = 30.0,
        again_s: float = 60.0,
    ) -> None:
        """`options` are the engine's: models and hooks. With `known` nobody is asked at first.

        `folders` are looked at for models that came or went, until the engine has said which ones
        it reads: with those of other programs there are more.
        """
        self._options = options
        self._known = known
        self._folders = [folder.expanduser() for folder in folders]
        self._seen = state_of(self._folders)
        self._patience_s = patience_s
        self._again_s = again_s
        self._not_before = 0.0  # on the event loop's clock
        self._lock = asyncio.Lock()
        self._observers: list[Renewed] = []

    @property
    def folders(self) -> Sequence[Path]:
        """The folders in which models come and go."""
        return self._folders

    @property
    def known(self) -> Offer | None:
        """What there is, or None before the engine has said it."""
        return self._known

    async def get(self) -> Offer:
        """Return what there is; an empty offer when the engine cannot say, which is logged."""
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if self._known is None and now >= self._not_before:
                self._known = await self._asked()
                self._not_before = now + self._again_s
            return self._known or Offer()

    def observe(self, renewed: Renewed) -> None:
        """Have a function called whenever there is something else to paint with."""
        self._observers.append(renewed)

    async def look_again(self) -> None:
        """Ask anew where models came or went, and tell the observers what is different."""
        seen = await asyncio.to_thread(state_of, self._folders)
        async with self._lock:
            if seen == self._seen:
                return
            self._seen = seen
            before, asked = self._known, await self._asked()
            self._known = asked or before
            offer = self._known
        if offer is not None and offer != before:
            for renewed in self._observers:
                await renewed(offer)

    async def _asked(self) -> Offer | None:
        said = await answer_of("bridge.workers.listing", self._options, self._patience_s)
        if said is None:
            return None
        folders = [Path(folder) for folder in said["folders"]]
        if set(folders) != set(self._folders):  # what came to the new ones meanwhile is not missed:
            self._folders, self._seen = folders, {}  # at the next look it is asked once more
        models = tuple(ModelInfo(**model) for model in said.pop("models"))
        return Offer(
            models=models,
            samplers=tuple(said["samplers"]),
            schedules=tuple(said["schedules"]),
            prefills=tuple(said["prefills"]),
            upscalers=tuple(said["upscalers"]),
            presets=tuple(PresetInfo(**preset) for preset in said["presets"]),
            obtainable=tuple(Obtainable(**one) for one in said["obtainable"]),
            loras=tuple(said["loras"]),
            embeddings=tuple(said["embeddings"]),
            candidates=said["candidates"],
            steps=said["steps"],
        )


def state_of(folders: Sequence[Path]) -> State:
    """Return the folders and the weights in them with when each changed, and its size.

    No file is opened. What changes more than some folders deep is seen at the next start.
    """
    found: State = {}
    for folder in folders:
        _look(str(folder), _DEPTH, found)
    return found


def _look(folder: str, depth: int, found: State) -> None:
    with suppress(OSError), os.scandir(folder) as entries:
        found[folder] = os.stat(folder).st_mtime_ns, 0
        for entry in entries:
            if entry.name.startswith("."):
                continue  # a download under way, or what was put aside
            if entry.is_dir():
                if depth:
                    _look(entry.path, depth - 1, found)
            elif entry.name.endswith(_SUFFIX):
                state = entry.stat()
                found[entry.path] = state.st_mtime_ns, state.st_size
