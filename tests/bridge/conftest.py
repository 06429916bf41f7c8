"""A bridge on a free port with a small engine, and what a test says to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.server import Parts, Ready, running
from bridge.settings import Settings
from bridge.wire.client import Client
from bridge.workers.inline import InlineWorker
from tests.bridge.painters import FlatPainter
from tests.bridge.talk import OFFER, connect, settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    settings = settings_in(tmp_path_factory.mktemp("bridge"))
    with running(settings, Parts(worker=InlineWorker(FlatPainter()), offer=OFFER)) as ready:
        yield ready


@pytest.fixture
def client(bridge: Ready) -> Iterator[Client]:
    with connect(bridge) as connected:
        yield connected
