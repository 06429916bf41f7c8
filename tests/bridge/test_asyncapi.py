"""The protocol's description: up to date, whole, and true to the codec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bridge import asyncapi
from bridge.wire import kinds
from bridge.wire.codec import encode, message_types
from bridge.wire.errors import CLOSED, MEANINGS, NO_BRIDGE, UNTRUSTED
from bridge.wire.messages import Cancel, Picture, Submit
from bridge.wire.records import record_of

DOCS = Path(__file__).parents[2] / "docs"
MESSAGES = {**message_types("client"), **message_types("server")}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return asyncapi.document()


def test_the_checked_in_document_is_the_generated_one() -> None:
    kept = (DOCS / "asyncapi.json").read_text("utf-8")
    assert kept == asyncapi.text(), "run: python -m bridge.asyncapi > docs/asyncapi.json"


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert len(found) > len(MESSAGES)
    for reference in found:
        place: Any = document
        for key in reference.removeprefix("#/").split("/"):
            place = place[key]
        assert place


def test_every_message_is_sent_by_the_side_that_may_send_it(document: dict[str, Any]) -> None:
    for operation, action, side in (
        ("fromClient", "receive", "client"),
        ("fromBridge", "send", "server"),
    ):
        found = document["operations"][operation]
        assert found["action"] == action
        names = [reference["$ref"].rpartition("/")[2] for reference in found["messages"]]
        assert names == list(message_types(side))  # type: ignore[arg-type]


@pytest.mark.parametrize("made_of", MESSAGES.values(), ids=lambda made_of: made_of.type)
def test_a_schema_has_the_fields_of_its_message(
    document: dict[str, Any], made_of: type[Any]
) -> None:
    schema = document["components"]["schemas"][made_of.__name__]
    slots = record_of(made_of).slots
    assert list(schema["properties"]) == ["type", "blobs", *(slot.name for slot in slots)]
    required = [slot.name for slot in slots if slot.required]
    assert schema["required"] == ["type", "blobs", *required]
    assert schema["properties"]["type"]["const"] == made_of.type


def test_a_header_of_the_codec_has_the_keys_and_types_of_the_schema(
    document: dict[str, Any],
) -> None:
    image = Picture(1, 1, "gray8", b"x")
    frame = encode(Submit("j", "inpaint", image=image, mask=image, plan={"a": 1}))
    header = json.loads(frame[4 : 4 + int.from_bytes(frame[:4], "little")])
    schemas = document["components"]["schemas"]
    assert set(header) == set(schemas["Submit"]["properties"])
    assert set(header["image"]) == set(schemas["Picture"]["properties"])
    assert schemas["Picture"]["properties"]["data"]["type"] == "integer"
    assert type(header["image"]["data"]) is int
    assert schemas["Picture"]["properties"]["width"]["maximum"] == 8192


def test_the_sources_comments_become_descriptions(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["Submit"]["properties"]
    assert properties["mask"]["description"] == "gray8, of the image's size"


def test_a_comment_on_a_record_stays_beside_its_reference() -> None:
    noted = asyncapi._noted({"$ref": "#/components/schemas/Rect"}, "why")
    assert noted == {"allOf": [{"$ref": "#/components/schemas/Rect"}], "description": "why"}


def test_a_kind_without_a_schema_is_a_mistake_of_its_author() -> None:
    @dataclass(frozen=True)
    class Colour(kinds.Kind):
        """A kind nobody described."""

    with pytest.raises(TypeError, match="has no schema yet"):
        asyncapi.schema_of(Colour())


def test_the_pages_example_is_what_the_codec_writes() -> None:
    page = (DOCS / "protocol.md").read_text("utf-8")
    (line,) = re.findall(r"^((?:[0-9a-f]{2} ){4})(\{.*\})$", page, re.MULTILINE)
    frame = bytes.fromhex(line[0]) + line[1].encode()
    assert frame == encode(Cancel("6f1c2f0e-5a57-4f0a-9d0b-0c6f6f3f8d11"))


def test_the_page_explains_every_code_that_travels() -> None:
    page = (DOCS / "protocol.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))
    assert told == {
        code: meaning
        for code, meaning in MEANINGS.items()
        if code not in (NO_BRIDGE, CLOSED, UNTRUSTED)
    }
