"""Presets: words for a medium, a style, a light, a lens, a composition, in TOML files.

A file is a group and has a table for every preset: `title`, `prompt`, and perhaps `negative` and
`note`. `%` in `prompt` stands for the painter's words; without it the preset's come behind them. A
painter's own folder is read after our book, and its presets come before ours of the same name.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from engine.errors import PluginError, RequestError

PLACE = "%"
MOST = 12  # presets of one request
_TEXTS = ("title", "prompt", "negative", "note")


@dataclass(frozen=True, slots=True)
class Preset:
    """One entry of the book."""

    name: str
    group: str
    title: str
    prompt: str
    negative: str = ""
    note: str = ""

    def applied(self, prompt: str, negative: str) -> tuple[str, str]:
        """Return a painter's words and negative words with this preset's."""
        place = self.prompt if PLACE in self.prompt else f"{PLACE}, {self.prompt}"
        asked = place.replace(PLACE, prompt).strip(" ,") if prompt else self._alone()
        avoided = ", ".join(words for words in (negative, self.negative) if words)
        return asked, avoided

    def _alone(self) -> str:
        """Return the preset's words where the painter gave none."""
        pieces = (piece.strip(" ,") for piece in self.prompt.split(PLACE))
        return ", ".join(piece.removesuffix(" of") for piece in pieces if piece)


def preset_book(folder: Path | None = None) -> Mapping[str, Preset]:
    """Return all presets by name, ours and those of the painter's folder, by group and file.

    Raises PluginError, naming the file, when one cannot be read.
    """
    found: dict[str, Preset] = {}
    for file in (*_ours(), *_theirs(folder)):
        for preset in _read(file):
            found[preset.name] = preset
    return found


def applied(
    names: Sequence[str], presets: Mapping[str, Preset], prompt: str, negative: str
) -> tuple[str, str]:
    """Return a painter's words with presets laid around them, in the order of their names.

    Raises RequestError for a name that is not in the book, with those like it.
    """
    if len(names) > MOST:
        raise RequestError(
            "presets", f"{len(names)} presets were given; up to {MOST} are accepted. Leave some."
        )
    for name in names:
        if name not in presets:
            near = (
                difflib.get_close_matches(name, list(presets), n=3, cutoff=0.4) or list(presets)[:5]
            )
            raise RequestError(
                "presets",
                f"There is no preset {name!r}. There are, for example: {', '.join(near)}.",
            )
        prompt, negative = presets[name].applied(prompt, negative)
    return prompt, negative


def _ours() -> list[Path]:
    return sorted(Path(str(files("engine.prompts") / "book")).glob("*.toml"))


def _theirs(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.toml")) if folder is not None and folder.is_dir() else []


def _read(file: Path) -> Iterator[Preset]:
    try:
        tables = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PluginError(f"The presets in {file} cannot be read: {error}. Correct it.") from error
    for name, table in tables.items():
        yield _preset(file, name, table)


def _preset(file: Path, name: str, table: object) -> Preset:
    if not isinstance(table, dict) or not table.get("prompt"):
        raise PluginError(f"The preset {name!r} in {file} has no `prompt`. Give it one.")
    strange = sorted(
        key for key, told in table.items() if key not in _TEXTS or not isinstance(told, str)
    )
    if strange:
        raise PluginError(
            f"The preset {name!r} in {file} has {', '.join(strange)}. A preset has texts called "
            f"{', '.join(_TEXTS)}: correct it."
        )
    return Preset(name, file.stem, **{"title": name.replace("_", " ").capitalize(), **table})
