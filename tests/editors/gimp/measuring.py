"""How fast the plug-in is in the real GIMP here: `python -m tests.editors.gimp.measuring`.

Printed, not asserted: a shared machine says little about another.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from plugins.build import build
from tests.editors.gimp.studio import REPOSITORY, Studio, chroot_root
from tests.editors.scripted_bridge import Part, Script, scripted_bridge

SENT_MS, SHOWN_MS = 80, 30  # what a painter does not notice


def measured(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds: of each 2048x2048 context on the main thread; of each 1024x1024 preview."""
    root = chroot_root()
    if root is None:
        raise SystemExit("GIMP is not here. Run .ci/editors-gimp.sh to get it.")
    scripts = {"sent": Script(steps=1, step_s=0.0), "shown": Script(steps=30, step_s=0.2)}
    part = Part(scripts)
    with (
        Studio(root, REPOSITORY / "artifacts" / "gimp" / "measuring") as studio,
        scripted_bridge(part, folder) as bridge,
    ):
        studio.install(build("gimp", folder))
        report = studio.on_screen("speed", {}, {"scripted": bridge})
    facts = report.scene("speed")
    shown_at = {int(seq): at for seq, at in facts["shown_at"].items()}
    shown = [1000 * (at - part.sent_at[seq]) for seq, at in shown_at.items()]
    return facts["sent_ms"], shown


def line(what: str, taken: Sequence[float], wanted: float) -> str:
    """One line of the table."""
    middle, worst = statistics.median(taken), max(taken)
    return f"{what:44} median {middle:6.1f} ms, worst {worst:6.1f} ms (wanted: {wanted} ms)\n"


def main() -> int:
    """Measure and print; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        sent, shown = measured(Path(folder))
    sys.stdout.write(line("read + send 2048x2048, main thread", sent, SENT_MS))
    sys.stdout.write(line("preview 1024x1024, bridge to canvas", shown, SHOWN_MS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
