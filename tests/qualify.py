"""`make qualify`: the long proofs, and a dated report of what they showed in reports/.

CI runs a quick share of each; here every editor scenario runs many times in a row, the exactness
promise is tried on thousands of random masks, and `mahlstick bench` is written down with the
machine it ran on.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

REPORTS = Path("reports")
TAIL = 30


@dataclass(frozen=True)
class Proof:
    """One command, how often it must succeed in a row, and what it adds to the environment."""

    name: str
    command: tuple[str, ...]
    times: int = 1
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Shown:
    """What came of a proof."""

    proof: Proof
    passed: int
    seconds: float
    output: str

    @property
    def holds(self) -> bool:
        """Tell whether it succeeded every time."""
        return self.passed == self.proof.times


def proofs(times: int) -> tuple[Proof, ...]:
    """Return all long proofs; `times` is how often each editor scenario runs."""
    pytest = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    editors = (("MAHLSTICK_REQUIRE_EDITORS", "1"),)
    return (
        Proof("The whole suite", pytest, 1, editors),
        Proof(
            "Outside the mask nothing changes, thousands of random masks",
            (*pytest, "tests/engine/canvas", "--hypothesis-profile=qualify"),
        ),
        Proof(
            "Hostile frames, thousands of mutations",
            (*pytest, "tests/bridge/wire", "--hypothesis-profile=qualify"),
        ),
        Proof("The real Krita", (*pytest, "tests/editors/krita"), times, editors),
        Proof("The real GIMP", (*pytest, "tests/editors/gimp"), times, editors),
        Proof("Benchmarks", (sys.executable, "-m", "bridge", "bench", "--runs", "9")),
    )


def show(proof: Proof) -> Shown:
    """Run a proof and return what came of it; it ends at the first failure."""
    began, passed, output = time.monotonic(), 0, ""
    for _ in range(proof.times):
        ran = subprocess.run(
            proof.command,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **dict(proof.environment)},
        )
        output = "\n".join((ran.stdout + ran.stderr).splitlines()[-TAIL:])
        if ran.returncode != 0:
            break
        passed += 1
    return Shown(proof, passed, time.monotonic() - began, output)


def report(shown: list[Shown], now: datetime.datetime) -> str:
    """Return the report as Markdown."""
    cores = os.cpu_count()
    lines = [
        f"# Qualification of {now:%Y-%m-%d %H:%M} UTC",
        "",
        f"Python {platform.python_version()}, {platform.system()}, {cores} cores.",
        "",
        "| Proof | Passed | Seconds |",
        "|---|---|---|",
    ]
    lines += [
        f"| {s.proof.name} | {s.passed} of {s.proof.times} | {s.seconds:.0f} |" for s in shown
    ]
    for each in shown:
        lines += ["", f"## {each.proof.name}", "", "```", each.output, "```"]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run every proof, write the report, and return 0 when all hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="runs of each editor scenario")
    shown = [show(proof) for proof in proofs(parser.parse_args().times)]
    now = datetime.datetime.now(datetime.UTC)
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / f"qualify-{now:%Y-%m-%d-%H%M}.md"
    path.write_text(report(shown, now))
    sys.stdout.write(f"{path}\n")
    return 0 if all(each.holds for each in shown) else 1


if __name__ == "__main__":
    sys.exit(main())
