"""What the engine can paint with, asked of a short-lived process: hooks stay out of the bridge."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.wire.messages import ModelInfo, PresetInfo
from bridge.workers.process import child_command, child_environment

_MOST_LINES = 50  # of what the engine says besides, which goes to the log

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """The engine's part of a welcome."""

    models: tuple[ModelInfo, ...] = ()
    samplers: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    prefills: tuple[str, ...] = ()
    upscalers: tuple[str, ...] = ()
    presets: tuple[PresetInfo, ...] = ()
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

        `folders` are looked at for models that came or went.
        """
        self._options = options
        self._known = known
        self._folders = [folder.expanduser() for folder in folders]
        self._seen = state_of(self._folders)
        self._patience_s = patience_s
        self._again_s = again_s
        self._not_before = 0.0  # on the event loop's clock
        self._lock = asyncio.Lock()

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

    async def look_again(self) -> bool:
        """Ask anew where models came or went; tell whether there is something else now."""
        seen = await asyncio.to_thread(state_of, self._folders)
        async with self._lock:
            if seen == self._seen:
                return False
            self._seen = seen
            before, asked = self._known, await self._asked()
            self._known = asked or before
            return self._known != before

    async def _asked(self) -> Offer | None:
        process = await asyncio.create_subprocess_exec(
            *child_command("bridge.workers.listing"),
            json.dumps(self._options),
            stdout=PIPE,
            stderr=PIPE,
            env=child_environment(),
        )
        output = said_besides = b""
        try:
            async with asyncio.timeout(self._patience_s):
                output, said_besides = await process.communicate()
        except TimeoutError:
            log.warning("The engine took too long to say what there is; is a hook hanging?")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        for line in said_besides.decode(errors="replace").splitlines()[-_MOST_LINES:]:
            log.warning("The engine says: %s", line)
        if process.returncode != 0:
            log.error("The engine cannot say what there is to paint with; see above.")
            return None
        said = json.loads(output)
        models = tuple(ModelInfo(**model) for model in said.pop("models"))
        return Offer(
            models=models,
            samplers=tuple(said["samplers"]),
            schedules=tuple(said["schedules"]),
            prefills=tuple(said["prefills"]),
            upscalers=tuple(said["upscalers"]),
            presets=tuple(PresetInfo(**preset) for preset in said["presets"]),
            candidates=said["candidates"],
            steps=said["steps"],
        )


def state_of(folders: Sequence[Path]) -> dict[str, int]:
    """Return folders, and those in them, with when something last came to each or went.

    Cheap: no file is opened. What changed deeper down is seen at the next start.
    """
    found: dict[str, int] = {}
    for folder in folders:
        with suppress(OSError):
            found[str(folder)] = folder.stat().st_mtime_ns
            with os.scandir(folder) as entries:
                inner = (one for one in entries if one.is_dir() and not one.name.startswith("."))
                found |= {one.path: one.stat().st_mtime_ns for one in inner}
    return found
