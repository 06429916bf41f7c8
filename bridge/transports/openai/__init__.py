"""The OpenAI Images API under /v1: what speaks to OpenAI can paint here, see docs/openai.md.

    endpoints -> orders (body to job) -> studio (job to results) -> replies (JSON or a stream)

Requests become ordinary jobs of one session; a client that hangs up cancels its job. Files are read
and written in the darkroom's process, never here.
"""

from __future__ import annotations

import asyncio
import time

from bridge.auth import SIGNED_PREFIX
from bridge.signing import Signer
from bridge.transports import Mounted, Shared
from bridge.transports.openai.endpoints import Endpoints
from bridge.transports.openai.links import Links, emptied, folder_of, key_in
from bridge.transports.openai.pace import Pace
from bridge.transports.openai.studio import Studio
from bridge.workers.darkroom import Darkroom

FOLDER = "openai"  # pictures of requests under way
LINKS = "links"  # results that a link fetches
_SWEEP_S = 30.0


def mount(shared: Shared) -> Mounted:
    """Return the transport; found by `bridge.transports.mounted`."""
    blobs = emptied(shared.folder / FOLDER)
    darkroom = Darkroom(blobs, logs=shared.logs)
    kept = folder_of(shared.folder / LINKS)
    links = Links(kept, key_in(shared.folder), SIGNED_PREFIX, shared.link_ttl_s)
    studio = Studio(shared.jobs, shared.store, darkroom, blobs, links, Signer(shared.authority))
    pace = Pace(shared.images_per_minute)
    endpoints = Endpoints(
        studio, shared.offers, darkroom, blobs, links, pace, since=int(time.time())
    )

    async def run() -> None:
        try:
            while True:
                await asyncio.sleep(_SWEEP_S)
                links.sweep()
                await darkroom.rest()
        finally:
            await asyncio.shield(darkroom.close())

    return Mounted(endpoints.routes(), run)
