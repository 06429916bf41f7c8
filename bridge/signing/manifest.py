"""What a C2PA manifest says of a picture: what was done to it, with what, and from which picture.

The terms are C2PA 2.1's actions and IPTC's digital source types. Nothing about the person is
written: no name, no machine, no path, and no time but the signature's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RECORD = "org.mahlstick.record"  # the assertion that holds all settings
PARENT = "painters-picture"  # the ingredient's label, named by the actions
_DONE: Mapping[str, str] = {
    "inpaint": "Painted into a selection",
    "outpaint": "Painted around the picture",
    "refine": "Repainted over the picture",
    "upscale": "Enlarged and repainted in detail",
    "vary": "Painted after the picture",
    "generate": "Painted from words",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """The painter's picture as a file: what the paint was laid on, or made after."""

    content: bytes
    mime: str  # image/png, image/jpeg or image/webp

    def __repr__(self) -> str:
        return f"Origin({len(self.content)} bytes of {self.mime})"


def manifest(record: Mapping[str, Any], mime: str, *, origin: bool) -> dict[str, Any]:
    """Return the definition that c2pa's builder takes; `origin` = the picture will be added."""
    version = str(record.get("versions", {}).get("mahlstick", "unknown"))
    agent = {"name": "Mahlstick", "version": version}
    return {
        "claim_generator_info": [agent],
        "format": mime,
        "title": _DONE[record["mode"]],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": _actions(record, agent, origin)}},
            {"label": RECORD, "data": dict(record)},
        ],
    }


def ingredient(mode: str) -> dict[str, Any]:
    """Return what is said of the painter's picture beside its bytes."""
    after = mode in ("generate", "vary")
    relation = "inputTo" if after else "parentOf"
    return {"title": "The painter's picture", "relationship": relation, "label": PARENT}


def _actions(
    record: Mapping[str, Any], agent: Mapping[str, str], origin: bool
) -> list[dict[str, Any]]:
    from engine import source_type  # with it comes the library for pictures

    mode = record["mode"]
    done: dict[str, Any] = {
        "digitalSourceType": source_type(mode),
        "softwareAgent": dict(agent),
        "description": _DONE[mode],
    }
    named = {"parameters": {"ingredientIds": [PARENT]}} if origin else {}
    if mode in ("generate", "vary"):
        return [{"action": "c2pa.created", **done, **named}]
    if not origin:  # a picture was there, but its file is unknown: no action may claim to open it
        return [{"action": "c2pa.created", **done}]
    return [{"action": "c2pa.opened", **named}, {"action": "c2pa.edited", **done}]
