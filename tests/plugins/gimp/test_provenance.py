"""What an exported picture tells of the painting in it."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from plugins.gimp.mahlstick_gimp.provenance import (
    HISTORY,
    MARK,
    PARTLY,
    SOURCE,
    metadata_with,
)
from tests.plugins.gimp.fakes import Metadata

RECIPE = {"job": "j", "prompt": "a <móon> & \u263e", "seed": 2**62, "record": {"plan": "p"}}


def tags(metadata: Metadata) -> dict[str | None, str | None]:
    root = ElementTree.fromstring(metadata.text)  # noqa: S314 - our own text
    return {tag.get("name"): tag.text for tag in root.iter("tag")}


def with_history(text: str, more: str = "") -> Metadata:
    return Metadata(f'<metadata>{more}<tag name="{HISTORY}">{text}</tag></metadata>')


def told(metadata: Metadata) -> list[dict[str, object]]:
    lines = (tags(metadata)[HISTORY] or "").split("\n")
    return [json.loads(line)["mahlstick"] for line in lines if line.startswith(MARK)]


def test_an_image_without_metadata_gets_some() -> None:
    metadata = metadata_with(None, RECIPE)
    assert tags(metadata)[SOURCE] == PARTLY
    assert told(metadata) == [{"job": "j", "prompt": "a <móon> & \u263e", "seed": 2**62}]


def test_what_the_painter_wrote_stays() -> None:
    own = with_history("scanned", '<tag name="Xmp.dc.title">Sea</tag>')
    metadata = metadata_with(own, RECIPE)
    assert tags(metadata)["Xmp.dc.title"] == "Sea"
    assert (tags(metadata)[HISTORY] or "").startswith("scanned\n")


def test_paintings_add_up_and_one_that_is_told_again_replaces_itself() -> None:
    first = metadata_with(None, RECIPE)
    second = metadata_with(first, {"job": "k", "prompt": "hills"})
    again = metadata_with(second, {**RECIPE, "candidate": 2})
    assert [line["job"] for line in told(again)] == ["k", "j"]
    assert told(again)[1]["candidate"] == 2


def test_a_long_history_keeps_its_newest_part() -> None:
    metadata = None
    for number in range(40):
        metadata = metadata_with(metadata, {"job": str(number), "prompt": "x" * 1000})
    assert metadata is not None
    jobs = [str(line["job"]) for line in told(metadata)]
    assert jobs == [str(number) for number in range(40 - len(jobs), 40)]
    assert 10 < len(jobs) < 20


def test_a_line_that_only_looks_like_ours_stays() -> None:
    own = (
        f'<metadata><tag name="{HISTORY}">{MARK.replace(chr(34), "&quot;")}broken</tag></metadata>'
    )
    metadata = metadata_with(Metadata(own), RECIPE)
    assert f"{MARK}broken" in (tags(metadata)[HISTORY] or "")
