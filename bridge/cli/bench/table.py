"""The rows of `mahlstick bench`, quick ones first: a new one is a line here."""

from __future__ import annotations

from bridge.cli.bench import (
    clients,
    deaths,
    hostile,
    loops,
    loras,
    overhead,
    painting,
    shelf,
    starting,
)
from bridge.cli.bench.rows import Row

ROWS = (
    Row("start", "spawn to ready, idle memory", starting.start),
    Row("job", "what an empty job costs, stored", overhead.empty_job),
    Row("step", "what a preview costs, and what others feel of it", overhead.step),
    Row("layer", "1024x1024 RGBA there and back", overhead.layer),
    Row("batch", "previews in a batch of four", clients.batch),
    Row("loras", "another set of LoRAs, beyond copying its bytes", loras.switching),
    Row("browser", "nine requests of a hostile web page", hostile.browser),
    Row("bomb", "a small PNG of 169 megapixels", hostile.bomb),
    Row("models", "fifty folders with 5,000 model files", shelf.indexed),
    Row("restart", "kill -9 of the bridge", starting.restart),
    Row("worker", "kill -9 of the worker", deaths.worker),
    Row("reconnect", "1.2 seconds away in mid-job", clients.reconnect),
    Row("stalled", "one client that never reads", clients.stalled),
    Row("crowd", "fifty clients at once", clients.crowd),
    Row("loop", "our loop beside the bare network and diffusers' pipeline", loops.loop),
    Row("previews", "bytes of a preview at 1024x1024", painting.previews),
    Row("cancel", "cancel in the middle of a step of a second", painting.cancel),
    Row("painting", "the demo's four paintings", painting.paintings),
)
