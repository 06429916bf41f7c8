"""The OpenAPI document that is checked in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from bridge.server import Parts, running
from bridge.settings import Settings
from bridge.transports import Mounted, Shared, mounted
from bridge.transports.openai.document import document, text
from bridge.transports.openai.endpoints import METHODS
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER

CHECKED_IN = Path(__file__).parents[3] / "docs" / "openapi.json"


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for item in value for found in references(item)}
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own | {found for item in value.values() for found in references(item)}
    return set()


def test_the_document_that_is_checked_in_is_current() -> None:
    assert CHECKED_IN.read_text("utf-8") == text(), (
        "run `python -m bridge.transports.openai.document > docs/openapi.json`"
    )


def test_every_path_is_described() -> None:
    described = {path: set(operations) for path, operations in document()["paths"].items()}
    for path, method in METHODS.items():
        assert described[path] == {method.lower()}


def test_every_route_is_described_with_its_methods(settings: Settings) -> None:
    described = {
        path: set(operations) - {"parameters"} for path, operations in document()["paths"].items()
    }
    found: dict[str, set[str]] = {}

    def seen(shared: Shared) -> list[Mounted]:
        every = mounted(shared)
        for route in (route for transport in every for route in transport.routes):
            assert isinstance(route, Route)
            methods = {method.lower() for method in route.methods or ()} - {"head", "options"}
            if "{rest" not in route.path:  # answers that there is nothing
                found.setdefault(re.sub(r":\w+}", "}", route.path), set()).update(methods)
        return every

    parts = Parts(InlineWorker(FlatPainter()), offer=OFFER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bridge.server.mounted", seen)
        with running(settings, parts):
            pass
    assert found == described


def test_every_reference_leads_somewhere() -> None:
    found = json.loads(text())
    names = {reference.removeprefix("#/components/schemas/") for reference in references(found)}
    assert names <= set(found["components"]["schemas"])
    assert {"Generation", "Edit", "Variation", "Images", "Error"} <= names


def test_every_parameter_says_what_it_is() -> None:
    for name in ("Generation", "Edit", "Variation"):
        properties = document()["components"]["schemas"][name]["properties"]
        assert all(schema.get("description") for schema in properties.values())
