"""Lays the presets a request names around the painter's words.

`[options.prompts] presets` names the folder of the painter's own ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.hookspecs import Options, hookimpl
from engine.prompts.presets import Preset, applied, preset_book

if TYPE_CHECKING:
    from engine.api import PaintRequest

SECTION = "prompts"


class Presets:
    """The book, read when the first request names a preset, again when the folder changes."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @hookimpl
    def mahlstick_rewrite_prompt(
        self, prompt: str, negative_prompt: str, request: PaintRequest
    ) -> tuple[str, str] | None:
        """Return both prompts with the presets' words; a RequestError where there is no such."""
        if not request.presets:
            return None
        presets: Mapping[str, Preset] = preset_book(self._folder)
        return applied(request.presets, presets, prompt, negative_prompt)


@hookimpl
def mahlstick_plugins(options: Options) -> Sequence[object]:
    """Register the rewriter with the painter's folder."""
    folder = options.get(SECTION, {}).get("presets")
    return [Presets(None if folder is None else Path(str(folder)).expanduser())]
