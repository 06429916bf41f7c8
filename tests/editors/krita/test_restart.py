"""The real bridge is killed while it paints for the real Krita, and started anew."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.editors.bridges import RunningBridge, running_bridge
from tests.editors.krita.conftest import Play

pytestmark = pytest.mark.editor
SIZE = (640, 960)


class Heir(threading.Thread):
    """Starts a bridge on the same state as soon as this one is gone; ended with the test."""

    def __init__(self, bridge: RunningBridge, folder: Path) -> None:
        super().__init__(name="heir", daemon=True)
        self.killed_by: int | None = None
        self.unended = 0  # jobs, when the old bridge was gone and the new one not yet there
        self._bridge = bridge
        self._folder = folder
        self._over = threading.Event()

    def __enter__(self) -> Heir:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        while self._bridge.process.poll() is None:
            if self._over.wait(0.05):
                return
        self.killed_by = self._bridge.process.returncode
        question = "SELECT count(*) FROM jobs WHERE ended IS NULL"
        self.unended = counted(self._folder / "state", question)
        with running_bridge(self._folder):
            self._over.wait()


def counted(state: Path, question: str) -> int:
    """A number that the bridge's journal knows."""
    address = f"file:{state / 'jobs.sqlite3'}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True)) as journal:
        return int(journal.execute(question).fetchone()[0])


def test_a_painting_goes_on_when_the_bridge_was_killed_and_started_anew(
    play: Play, tmp_path: Path
) -> None:
    with running_bridge(tmp_path) as bridge, Heir(bridge, tmp_path) as heir:
        report = play("restart", bridge.connection_file, pid=str(bridge.process.pid))
    assert heir.killed_by == -signal.SIGKILL
    assert heir.unended == 1
    facts: dict[str, Any] = report.facts
    assert facts["lost_busy"]
    assert facts["found_busy"]
    assert "connection" in facts["lost_status"]
    for name in ("active", "selection"):
        assert facts["lost"][name] == facts["before"][name], name
    assert facts["status"].startswith("Done"), facts["status"]
    it_was_laid_once(facts)
    assert counted(tmp_path / "state", "SELECT count(*) FROM jobs") == 1
    assert counted(tmp_path / "state", "SELECT count(*) FROM jobs WHERE ended IS NULL") == 0
    before, after, undone = (
        np.fromfile(report.out / f"{name}.bgra", np.uint8).reshape(*SIZE, 4)
        for name in ("before", "after", "undone")
    )
    selection = np.fromfile(report.out / "selection.gray", np.uint8).reshape(SIZE)
    assert (after[selection == 0] == before[selection == 0]).all()
    assert (after[selection == 255] != before[selection == 255]).any(-1).mean() > 0.5
    assert (undone == before).all()


def it_was_laid_once(facts: dict[str, Any]) -> None:
    """One job, begun by both bridges, is one layer and one undo step."""
    layers = facts["after"]["layers"]
    assert layers[0] == "Photograph"
    assert [name.split(" [")[0] for name in layers[1:]] == ["a full moon"]
    assert len(facts["after"]["undo"]) == len(facts["before"]["undo"]) + 1
    assert facts["after"]["active"] == facts["before"]["active"]
    assert facts["undone"]["layers"] == ["Photograph"]
