"""Running proofs and remembering what they showed, so that a long run can be taken up again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from tests.qualify.proofs import Proof

TAIL = 40
LIMIT_S = 6 * 3600.0  # for one run of a proof: a hang is a failure, not a wait


@dataclass(frozen=True)
class Shown:
    """What came of a proof."""

    name: str
    passed: int
    times: int
    seconds: float
    output: str  # its last lines
    commit: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether it succeeded every time."""
        return self.passed == self.times


def show(proof: Proof, tell: Callable[[str], None], commit: str = "") -> Shown:
    """Run a proof, telling of every run, and return what came of it; a failure ends it."""
    began, passed, output = time.monotonic(), 0, ""
    for number in range(1, proof.times + 1):
        tell(f"  run {number} of {proof.times} ...")
        succeeded, output = _run(proof)
        seconds = time.monotonic() - began
        tell(
            f"  run {number} of {proof.times}: {'ok' if succeeded else 'FAILED'} ({seconds:.0f} s)"
        )
        if not succeeded:
            break
        passed += 1
    return Shown(proof.name, passed, proof.times, time.monotonic() - began, output, commit)


def _run(proof: Proof) -> tuple[bool, str]:
    environment = {**os.environ, **dict(proof.environment)}
    try:
        ran = subprocess.run(
            proof.arguments,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            timeout=LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return False, f"It did not end within {LIMIT_S:.0f} seconds."
    output = "\n".join((ran.stdout + ran.stderr).splitlines()[-TAIL:])
    return ran.returncode == 0, output


class Memory:
    """What was shown already, one file a proof; only that of the same commit counts."""

    def __init__(self, folder: Path, commit: str) -> None:
        self._folder = folder
        self._commit = commit
        folder.mkdir(parents=True, exist_ok=True)

    def known(self, proof: Proof) -> Shown | None:
        """Return what a proof showed before, if it held, as often, of this very commit."""
        try:
            shown = Shown(**json.loads(self._path(proof).read_text()))
        except (OSError, ValueError, TypeError):
            return None
        same = shown.commit == self._commit and shown.times == proof.times
        return shown if same and shown.holds else None

    def keep(self, proof: Proof, shown: Shown) -> None:
        """Remember what a proof showed."""
        self._path(proof).write_text(json.dumps(asdict(shown), indent=1))

    def _path(self, proof: Proof) -> Path:
        name = "".join(c if c.isalnum() else "-" for c in proof.name.lower())
        return self._folder / f"{name}.json"


def commit() -> str:
    """Return the commit that is qualified; with a plus where files differ from it."""
    head = _git("rev-parse", "--short", "HEAD")
    return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return ran.stdout.strip()


def report(shown: list[Shown], now: datetime) -> str:
    """Return the report as Markdown."""
    held = sum(each.holds for each in shown)
    lines = [
        f"# Qualification of {now:%Y-%m-%d %H:%M} UTC",
        "",
        f"{held} of {len(shown)} proofs hold. Python {platform.python_version()},"
        f" {platform.system()} {platform.machine()}, {os.cpu_count()} cores.",
        "",
        "| Proof | Passed | Seconds | Commit |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {s.name} | {s.passed} of {s.times} | {s.seconds:.0f} | {s.commit} |" for s in shown
    ]
    for each in shown:
        lines += ["", f"## {each.name}", "", "```", each.output, "```"]
    return "\n".join(lines) + "\n"
