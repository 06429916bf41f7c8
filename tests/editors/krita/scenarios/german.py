"""Krita for a painter who speaks German."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scene import open_panel, open_photograph, select_sky


def scenario(stage: Any) -> Iterator[None]:
    """Look at the panel and the menu, and at what a refusal says."""
    document = yield from open_photograph(stage)
    select_sky(stage, document)
    panel = yield from open_panel(stage, "Auswahl füllen")
    stage.facts["cancel"] = panel.cancel.text()
    stage.facts["action"] = stage.app.action("mahlstick_paint").text()
    stage.picture_of_the_screen("german.png")
