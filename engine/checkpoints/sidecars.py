"""What authors and other programs wrote about a model: in its header and in files beside it.

Nothing here decides what a model is or how it is loaded. Texts are cut to a length that a list can
show; markup is taken out.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LARGEST = 4 * 2**20  # bytes of a side file
_LONGEST = 2000  # characters of a description
_MOST_WORDS = 40
_MOST_TAGS = 12
_TAG = re.compile(r"<[^>]*>")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, slots=True)
class About:
    """What is told of a model. `preview` is a picture beside it; `thumbnail` says that the header
    holds one (`modelspec.thumbnail`, a data address).
    """

    title: str = ""
    description: str = ""
    author: str = ""
    licence: str = ""
    trigger_words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # the commonest words it was trained with
    base: str = ""  # what it was made from, in its author's words
    weight: float | None = None  # a LoRA's, as the painter noted it
    preview: Path | None = None
    thumbnail: bool = False
    stated_sha256: str = ""  # by the page it is from


def about(metadata: Mapping[str, str], sides: Iterable[Path]) -> About:
    """Return what header and side files tell; the painter's own notes come before the author's."""
    sides = tuple(sides)
    notes, civitai = _notes(sides), _civitai(sides)
    spec = {k[10:]: v for k, v in metadata.items() if k.startswith("modelspec.")}
    told = civitai.get("model")
    page = told if isinstance(told, dict) else {}
    return About(
        title=_text(spec.get("title") or page.get("name") or metadata.get("ss_output_name")),
        description=_text(
            notes.get("description") or spec.get("description") or civitai.get("description")
        ),
        author=_text(spec.get("author")),
        licence=_text(spec.get("license")),
        trigger_words=_trigger_words(spec, notes, civitai),
        tags=tuple(_common(metadata.get("ss_tag_frequency", ""))),
        base=_text(
            civitai.get("baseModel") or notes.get("sd version") or metadata.get("ss_sd_model_name")
        ),
        weight=_number(notes.get("preferred weight")),
        preview=next((side for side in sides if side.suffix.lower() in _PICTURES), None),
        thumbnail=spec.get("thumbnail", "").startswith("data:image/"),
        stated_sha256=_stated(civitai),
    )


def _notes(sides: Iterable[Path]) -> dict[str, Any]:
    """Return what the web interfaces let painters note down: `NAME.json`."""
    return next((t for s in sides if s.suffix == ".json" and (t := _read(s))), {})


def _civitai(sides: Iterable[Path]) -> dict[str, Any]:
    """Return what helpers saved of the model's page, in one of three layouts."""
    for side in sides:
        if side.name.endswith(".civitai.info"):
            return _read(side)
        if side.name.endswith(".metadata.json"):
            told = _read(side)
            page = told.get("civitai")
            return page if isinstance(page, dict) else {}
        if side.name.endswith(".cm-info.json"):
            told = _read(side)
            return {
                "model": {"name": told.get("ModelName")},
                "description": told.get("ModelDescription"),
                "trainedWords": told.get("TrainedWords"),
                "baseModel": told.get("BaseModel"),
            }
    return {}


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            return {}
        told = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _trigger_words(
    spec: Mapping[str, str], notes: Mapping[str, Any], civitai: Mapping[str, Any]
) -> tuple[str, ...]:
    trained = civitai.get("trainedWords")
    words = [
        *_split(notes.get("activation text")),
        *_split(spec.get("trigger_phrase")),
        *(w for line in (trained if isinstance(trained, list) else ()) for w in _split(line)),
    ]
    return tuple(dict.fromkeys(words))[:_MOST_WORDS]


def _split(text: object) -> Iterator[str]:
    if isinstance(text, str):
        yield from (word.strip()[:100] for word in text.split(",") if word.strip())


def _common(text: str) -> Iterator[str]:
    """Yield the commonest tags of kohya's `ss_tag_frequency`: {folder: {tag: count}}."""
    try:
        folders = json.loads(text) if len(text) <= _LARGEST else {}
    except (ValueError, RecursionError):
        return
    counts: dict[str, int] = {}
    for tags in folders.values() if isinstance(folders, dict) else ():
        for tag, count in tags.items() if isinstance(tags, dict) else ():
            if isinstance(count, int):
                counts[tag.strip()] = counts.get(tag.strip(), 0) + count
    yield from sorted(counts, key=lambda tag: (-counts[tag], tag))[:_MOST_TAGS]


def _stated(civitai: Mapping[str, Any]) -> str:
    """Return the SHA-256 that the page states for its one file, if it has one and states it."""
    files = civitai.get("files")
    if not isinstance(files, list) or len(files) != 1 or not isinstance(files[0], dict):
        return ""
    hashes = files[0].get("hashes")
    told = hashes.get("SHA256") if isinstance(hashes, dict) else None
    return told.lower() if isinstance(told, str) and re.fullmatch(r"[0-9A-Fa-f]{64}", told) else ""


def _text(told: object) -> str:
    if not isinstance(told, str):
        return ""
    return html.unescape(_TAG.sub(" ", told)).strip()[:_LONGEST]


def _number(told: object) -> float | None:
    number = isinstance(told, int | float) and not isinstance(told, bool) and told != 0
    return float(told) if number else None  # type: ignore[arg-type] - 0 is what is written for none
