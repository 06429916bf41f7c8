"""What schemathesis makes of the API's own document: whatever is sent, no answer is a fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given

from bridge.server import Parts, Ready, running
from bridge.wire.connection import read_connection
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, settings_in
from tests.examples import share

DOCUMENT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (path, method)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if method in METHODS
]
NORMAL = re.compile(r"\d{1,2}x\d{1,2}|auto")  # what the small engine paints at once


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    settings = settings_in(tmp_path_factory.mktemp("api"))
    with running(settings, Parts(InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        yield ready


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_that_the_document_allows_is_answered_with_a_fault(
    api: Ready, path: str, method: str
) -> None:
    token = read_connection(api.connection_file).token

    @share(0.25)
    @given(case=SCHEMA[path][method.upper()].as_strategy())
    def check(case: Any) -> None:
        if isinstance(case.body, dict):
            quickened(case.body)
        answer = case.call(
            base_url=f"http://127.0.0.1:{api.port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=120,
        )
        assert answer.status_code < 500, answer.text
        assert b"Traceback" not in answer.content
        if answer.status_code >= 400:
            error = answer.json()["error"]
            assert error["message"]
            assert error["code"]
            assert {"type", "param"} <= set(error) or not path.startswith("/v1/")

    check()


def quickened(body: dict[str, Any]) -> None:
    """Take out of a request what only makes it slow."""
    size = body.get("size")
    if isinstance(size, str) and not NORMAL.fullmatch(size):
        body["size"] = "24x16"
    if isinstance(body.get("n"), int):
        body["n"] = min(body["n"], 3)
    for key in ("prompt", "negative_prompt"):
        if isinstance(body.get(key), str):
            body[key] = re.sub("slow|stuck|die|broken", "", body[key])
