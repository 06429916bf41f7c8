"""What the painter wrote and named before: a JSON file beside GIMP's own settings.

One who cannot write there paints all the same, and is forgotten when the window closes.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .host import Gimp
from .language import noted

LONGEST = 50  # prompts
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Preset:
    """Settings with a name. `style` is put behind the prompt, unless it is there."""

    name: str
    style: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def styled(self, prompt: str) -> str:
        """Return a prompt in this style."""
        if not self.style or self.style in prompt:
            return prompt
        return f"{prompt.rstrip(' ,')}, {self.style}" if prompt.strip() else self.style


STYLES = (
    Preset(noted("Oil painting"), "an oil painting with thick brush strokes"),
    Preset(noted("Watercolour"), "a watercolour on rough paper"),
    Preset(noted("Pencil"), "a pencil drawing, hatched"),
    Preset(noted("Photograph"), "a photograph in natural light"),
)


class Memory:
    """Prompts, newest first, presets by name, and the panel's `values` when it was last used.

    GIMP keeps those, too, but only of a panel that was closed before GIMP was.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        told = _read(file)
        self.prompts: list[str] = [p for p in _list(told.get("prompts")) if isinstance(p, str)]
        values = told.get("values")
        self.values: Mapping[str, object] = values if isinstance(values, dict) else {}
        self._own = {p.name: p for p in map(_preset, _list(told.get("presets"))) if p is not None}

    @property
    def presets(self) -> list[Preset]:
        """The styles that come along, then the painter's own by name."""
        return [*STYLES, *(self._own[name] for name in sorted(self._own))]

    def own(self, name: str) -> bool:
        """Whether the painter made a preset of this name."""
        return name in self._own

    def add_prompt(self, prompt: str) -> None:
        """Remember a prompt that was painted with."""
        if prompt.strip():
            others = [known for known in self.prompts if known != prompt]
            self.prompts = [prompt, *others][:LONGEST]
            self._write()

    def keep(self, values: Mapping[str, object]) -> None:
        """Remember the panel's values."""
        self.values = dict(values)
        self._write()

    def save(self, preset: Preset) -> None:
        """Keep a preset; one of the same name is replaced."""
        self._own[preset.name] = preset
        self._write()

    def forget(self, name: str) -> None:
        """Drop a preset of the painter's."""
        self._own.pop(name, None)
        self._write()

    def _write(self) -> None:
        presets = [{"name": p.name, "values": dict(p.values)} for p in self._own.values()]
        told = {"prompts": self.prompts, "presets": presets, "values": dict(self.values)}
        text = json.dumps(told, indent=1)
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            os.replace(fresh, self._file)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._file, error)


def memory_file() -> Path:
    """Where GIMP keeps what belongs to this painter and this version."""
    return Path(Gimp.directory()) / "mahlstick" / "memory.json"


def _read(file: Path) -> dict[str, Any]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _preset(told: object) -> Preset | None:
    if not isinstance(told, dict) or not isinstance(told.get("name"), str):
        return None
    values = told.get("values")
    return Preset(told["name"], "", values if isinstance(values, dict) else {})
