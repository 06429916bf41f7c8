"""Memory that pictures took is kept while there is work, and given back soon after."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, time
from bridge.memory import _resident, give_back, keep_blocks

keep_blocks()

async def main():
    before = _resident()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(give_back(0.05))
        await asyncio.sleep(0)
        pictures = [b"x" * (4 << 20) for _ in range(20)]
        del pictures
        kept = _resident() - before
        end = time.monotonic() + 60
        while _resident() - before > kept / 4 and time.monotonic() < end:
            await asyncio.sleep(0.05)
        task.cancel()
    print(kept > 40 << 20, _resident() - before < kept / 4)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc keeps memory so, others do not")
def test_memory_is_kept_while_it_is_used_and_given_back_when_it_is_not() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert ran.stdout.split() == ["True", "True"]
