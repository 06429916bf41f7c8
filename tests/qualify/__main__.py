"""`python -m tests.qualify`: run the long proofs, write a dated report into reports/.

It may be ended and started again: what held for the same commit is not run twice, unless --fresh.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import sys
from pathlib import Path

from tests.qualify.proofs import proofs
from tests.qualify.runs import Memory, Shown, commit, report, show

REPORTS = Path("reports")


def tell(line: str) -> None:
    """Write a line of progress at once, with the time of day."""
    sys.stdout.write(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S} {line}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None, reports: Path = REPORTS) -> int:
    """Run the proofs that are asked for, and return 0 when all of them hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20, help="full runs of each editor")
    parser.add_argument("--only", default="", help="run only proofs whose name has this in it")
    parser.add_argument("--fresh", action="store_true", help="run again what held already")
    parser.add_argument("--list", action="store_true", help="list the proofs and end")
    given = parser.parse_args(arguments)
    chosen = [proof for proof in proofs(given.times) if given.only in proof.name]
    if given.list:
        for proof in chosen:
            tell(f"{proof.times:3} x {proof.name}")
        return 0
    if given.fresh:
        shutil.rmtree(reports / "held", ignore_errors=True)
    this = commit()
    memory = Memory(reports / "held", this)
    shown: list[Shown] = []
    for number, proof in enumerate(chosen, 1):
        tell(f"[{number}/{len(chosen)}] {proof.name}")
        known = memory.known(proof)
        if known is not None:
            tell("  held before")
        else:
            known = show(proof, tell, this)
            memory.keep(proof, known)
        shown.append(known)
        path = reports / f"qualify-{datetime.datetime.now(datetime.UTC):%Y-%m-%d}.md"
        path.write_text(report(shown, datetime.datetime.now(datetime.UTC)))
    failed = [each.name for each in shown if not each.holds]
    tell(f"{path}: {len(shown) - len(failed)} of {len(shown)} hold." if shown else "No such proof.")
    for name in failed:
        tell(f"  FAILED: {name}")
    return 1 if failed or not shown else 0


if __name__ == "__main__":
    sys.exit(main())
