"""One question to a short-lived process: what hooks and headers cost stays out of the bridge."""

from __future__ import annotations

import asyncio
import json
import logging
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from typing import Any

from bridge.workers.process import child_command, child_environment

_MOST_LINES = 50  # of what the engine says besides, which goes to the log

log = logging.getLogger(__name__)


async def answer_of(module: str, told: Mapping[str, Any], patience_s: float) -> Any | None:  # noqa: ANN401 - JSON
    """Return what a module's process answers in JSON; None, and why in the log, without an answer.

    The process is ended when it takes longer than `patience_s`.
    """
    process = await asyncio.create_subprocess_exec(
        *child_command(module), json.dumps(told), stdout=PIPE, stderr=PIPE, env=child_environment()
    )
    output = said_besides = b""
    try:
        async with asyncio.timeout(patience_s):
            output, said_besides = await process.communicate()
    except TimeoutError:
        log.warning("The engine took too long to say what there is; is a hook hanging?")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    for line in said_besides.decode(errors="replace").splitlines()[-_MOST_LINES:]:
        log.warning("The engine says: %s", line)
    if process.returncode != 0:
        log.error("The engine cannot say what there is to paint with; see above.")
        return None
    return json.loads(output)
