"""The long proofs' own bookkeeping."""

from __future__ import annotations

import datetime
import sys

from tests.qualify import Proof, proofs, report, show

NOW = datetime.datetime(2026, 11, 21, 12, 0, tzinfo=datetime.UTC)


def test_a_proof_must_succeed_every_time() -> None:
    fine = show(Proof("fine", (sys.executable, "-c", "print('well')"), 3))
    broken = show(Proof("broken", (sys.executable, "-c", "raise SystemExit(1)"), 3))
    assert (fine.holds, fine.passed) == (True, 3)
    assert (broken.holds, broken.passed) == (False, 0)


def test_the_report_names_every_proof_with_its_count_and_output() -> None:
    text = report([show(Proof("a proof", (sys.executable, "-c", "print('well')"), 2))], NOW)
    assert "| a proof | 2 of 2 |" in text
    assert "well" in text
    assert "2026-11-21" in text


def test_both_editors_run_as_often_as_asked_and_may_not_skip() -> None:
    editors = [proof for proof in proofs(20) if "The real" in proof.name]
    assert [proof.times for proof in editors] == [20, 20]
    assert all(("MAHLSTICK_REQUIRE_EDITORS", "1") in proof.environment for proof in editors)
