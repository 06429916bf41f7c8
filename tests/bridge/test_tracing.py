"""The id of every request."""

from __future__ import annotations

import http.client
import uuid

import pytest

from bridge.server import Ready


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/nowhere"])
def test_every_answer_has_an_id_of_its_own(bridge: Ready, path: str) -> None:
    ids = set()
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", bridge.port, timeout=10)
        connection.request("GET", path, headers={"x-request-id": "mine"})
        answer = connection.getresponse()
        answer.read()
        ids.add(uuid.UUID(answer.getheader("x-request-id")))
        connection.close()
    assert len(ids) == 2
