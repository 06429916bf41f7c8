"""The official OpenAI client, talking to a bridge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from bridge.server import Ready
from tests.bridge.transports.openai_talk import official


@pytest.fixture
def openai(bridge: Ready) -> Iterator[OpenAI]:
    with official(bridge) as client:
        yield client
