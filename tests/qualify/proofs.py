"""The table of long proofs. A new one is a line: a name, a command, and how often it must succeed.

Commands run in the repository's root. `{pytest}` is pytest, `{mahlstick}` the command line; a proof
that must find a real editor adds `EDITORS`, so that a missing one is a failure and not a skip.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

EDITORS = (("MAHLSTICK_REQUIRE_EDITORS", "1"),)
_SHORT = {
    "{pytest}": (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
    "{mahlstick}": (sys.executable, "-m", "bridge"),
}


@dataclass(frozen=True)
class Proof:
    """One command, how often it must succeed in a row, and what it adds to the environment."""

    name: str
    command: tuple[str, ...]
    times: int = 1
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The command with its short names written out."""
        return [part for word in self.command for part in _SHORT.get(word, (word,))]


def proofs(times: int) -> tuple[Proof, ...]:
    """Return all long proofs; `times` is how often each editor's full run must succeed."""
    hard = "--hypothesis-profile=qualify"
    long = (("MAHLSTICK_QUALIFY", "1"),)
    return (
        Proof("frames: 2,000 hostile and mutated ones", ("{pytest}", "tests/bridge/wire", hard)),
        Proof(
            "bridge: 2,000 hostile frames to a running one, no crash, no leak",
            ("{pytest}", "tests/bridge/test_fuzz.py", hard),
            environment=long,
        ),
        Proof(
            "frames: guided by coverage (atheris)",
            ("{pytest}", "tests/bridge/wire/test_coverage_fuzz.py"),
            environment=long,
        ),
        Proof(
            "api: schemathesis on every operation",
            ("{pytest}", "tests/bridge/transports/test_schema_fuzz.py", hard),
            environment=long,
        ),
        Proof(
            "crowd: 200 clients, 2,000 jobs",
            ("{pytest}", "tests/bridge/test_crowd.py"),
            environment=long,
        ),
        Proof(
            "crashes: kill -9 of bridge and worker, ten times in a row",
            ("{pytest}", "tests/bridge/test_durability.py", "tests/bridge/workers/test_process.py"),
            10,
        ),
        Proof(
            "calamities: full disks, damaged databases, clocks",
            ("{pytest}", "tests/bridge/test_calamities.py"),
            10,
        ),
        Proof(
            "canvas: outside the mask nothing changes, thousands of masks",
            ("{pytest}", "tests/engine/canvas", hard),
        ),
        Proof(
            "krita: full runs of the real one", ("{pytest}", "tests/editors/krita"), times, EDITORS
        ),
        Proof(
            "gimp: full runs of the real one", ("{pytest}", "tests/editors/gimp"), times, EDITORS
        ),
        Proof("suite: everything CI runs", ("{pytest}",), 1, EDITORS),
        Proof("bench: every figure", ("{mahlstick}", "bench", "--runs", "9")),
    )
