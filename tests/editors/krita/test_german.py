"""The panel speaks what Krita speaks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.editors.krita import studio
from tests.editors.scripted_bridge import Part, scripted_bridge

pytestmark = pytest.mark.editor


@pytest.mark.parametrize("way", ["environment", "Krita's own setting"])
def test_the_panel_speaks_german_where_krita_does(
    bundle: Path, photograph: Mapping[str, str], tmp_path: Path, way: str
) -> None:
    chosen = "[Language]\nkrita=de\n" if way != "environment" else ""
    spoken = {"LANGUAGE": "de", "LANG": "en_US.UTF-8"} if way == "environment" else {}
    with scripted_bridge(Part(), tmp_path) as file:
        variables = {"MAHLSTICK_CONNECTION": str(file), **spoken}
        report = studio.play(
            "german", bundle, photograph, variables, tmp_path, {"klanguageoverridesrc": chosen}
        )
    assert report.facts == {"cancel": "Abbrechen", "action": "Mit Mahlstick malen"}
