"""The long proofs' own bookkeeping."""

from __future__ import annotations

import datetime
import subprocess
import sys
from pathlib import Path

import pytest

from tests.qualify import __main__ as qualify
from tests.qualify.proofs import Proof, proofs
from tests.qualify.runs import Memory, report, show

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)
ROOT = Path(__file__).parents[1]
FINE = Proof("fine", (sys.executable, "-c", "print('well')"), 3)
BROKEN = Proof("broken", (sys.executable, "-c", "raise SystemExit(1)"), 3)


def test_a_proof_must_succeed_every_time_and_tells_of_every_run() -> None:
    told: list[str] = []
    assert (show(FINE, told.append).holds, show(FINE, told.append).passed) == (True, 3)
    assert sum("ok" in line for line in told) == 6
    broken = show(BROKEN, told.append)
    assert (broken.holds, broken.passed) == (False, 0)
    assert "FAILED" in told[-1]


def test_the_report_names_every_proof_with_its_count_and_output() -> None:
    text = report([show(FINE, str), show(BROKEN, str)], NOW)
    assert "1 of 2 proofs hold" in text
    assert "| fine | 3 of 3 |" in text
    assert "| broken | 0 of 3 |" in text
    assert "well" in text
    assert "2026-11-21" in text


def test_what_held_for_this_commit_is_not_run_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "abc")
    for proof in (FINE, BROKEN):
        assert memory.known(proof) is None
        memory.keep(proof, show(proof, str, "abc"))
    assert memory.known(FINE) is not None
    assert memory.known(BROKEN) is None
    assert Memory(tmp_path, "def").known(FINE) is None
    assert memory.known(Proof("fine", FINE.command, 4)) is None


def test_a_run_writes_its_report_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qualify, "proofs", lambda _times: (FINE, BROKEN))
    monkeypatch.setattr(qualify, "commit", lambda: "abc")
    assert qualify.main([], tmp_path) == 1
    assert qualify.main(["--only", "fine"], tmp_path) == 0
    assert "held before" in capsys.readouterr().out
    (written,) = tmp_path.glob("qualify-*.md")
    assert "| fine | 3 of 3 |" in written.read_text()


def test_both_editors_run_as_often_as_asked_and_may_not_skip() -> None:
    editors = [proof for proof in proofs(20) if proof.name.startswith(("krita", "gimp"))]
    assert [proof.times for proof in editors] == [20, 20]
    assert all(("MAHLSTICK_REQUIRE_EDITORS", "1") in proof.environment for proof in editors)


def test_names_are_unlike_and_every_path_is_there() -> None:
    table = proofs(20)
    assert len({proof.name for proof in table}) == len(table)
    for proof in table:
        for word in proof.command:
            if word.startswith("tests/"):
                assert (ROOT / word).exists(), word


def test_the_hard_profile_beats_what_a_test_asks_for_itself() -> None:
    code = "from hypothesis import settings; import tests.conftest; print(settings().max_examples)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert int(ran.stdout) == 40
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path != Path(__file__):
            assert "max_examples=" not in path.read_text(), f"{path}: see tests.examples"
