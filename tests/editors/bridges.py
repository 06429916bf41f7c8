"""The real bridge, as a process of its own, the way a painter starts it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_S = 10


@dataclass(frozen=True)
class RunningBridge:
    """A bridge that said it is ready."""

    process: subprocess.Popen[str]
    url: str
    connection_file: Path
    log: Path


@contextlib.contextmanager
def running_bridge(
    folder: Path, models: Sequence[Path] = (), hooks: Sequence[Path] = ()
) -> Iterator[RunningBridge]:
    """`mahlstick serve` on a free port with its state in `folder`; ended with the test.

    It has these models besides the embedded one, and these files of hooks.
    """
    log = folder / "bridge.log"
    command = [sys.executable, "-m", "bridge", "serve", "--port", "0"]
    command += ["--state-dir", str(folder / "state")]
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=ROOT,
            env={**os.environ, **_settings(folder, models, hooks)},
        )
    try:
        yield _ready(process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _settings(folder: Path, models: Sequence[Path], hooks: Sequence[Path]) -> dict[str, str]:
    return {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "MAHLSTICK_MODELS": json.dumps([str(path) for path in models]),
        "MAHLSTICK_HOOKS": json.dumps([str(path) for path in hooks]),
    }


def _ready(process: subprocess.Popen[str], log: Path) -> RunningBridge:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("{"), f"The bridge said {line!r}. Its log:\n{log.read_text()[-4000:]}"
    told = json.loads(line)
    return RunningBridge(process, told["url"], Path(told["connection_file"]), log)
