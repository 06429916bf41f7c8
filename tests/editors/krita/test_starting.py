"""The real Krita starts the real bridge, which outlives it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from bridge.wire.client import Client
from bridge.wire.connection import read_connection
from bridge.wire.messages import VERSION, Hello
from tests.editors.bridges import ROOT
from tests.editors.krita import studio
from tests.editors.krita.conftest import Play

pytestmark = pytest.mark.editor


@pytest.mark.skipif(bool(studio.version()), reason="that system cannot run this one's Python")
def test_a_click_starts_the_bridge_that_was_missing(play: Play, tmp_path: Path) -> None:
    file = tmp_path / "config" / "connection.json"
    program = (
        f'#!/bin/sh\ncd {ROOT}\nexec {sys.executable} -m bridge "$@" --port 0'
        f" --state-dir {tmp_path / 'state'}\n"
    )
    report = play("starting", file, program=program)
    assert "was not found on this computer" in str(report.facts["missing"])
    assert "mahlstick plugins install" in str(report.facts["missing"])
    connection = read_connection(file)
    try:
        assert not connection.process_is_gone()
        hello = Hello(VERSION, "test", "9d7c8a52-0000-4000-8000-000000000009")
        with Client.open(connection, hello) as client:  # Krita has quit by now
            assert client.welcome.models
    finally:
        os.kill(connection.pid, signal.SIGTERM)
