"""Frames between the bridge and its worker process: `u32 u32 | JSON | body`.

The JSON says what is to be done, the body is a frame of the wire. Large pictures do not pass
through the pipe. What passes waits in shared memory; what is to be kept is written once, by the one
who has it, where it stays, and is read from there (by way of the same memory: the page cache).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

from bridge.blobs import Blobs, detached
from bridge.wire.codec import encode
from bridge.wire.messages import JobEvent, Preview, Submit
from bridge.workers import Assignment

LENGTHS = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Note:
    """One frame: what to do, and a wire frame where there is one."""

    head: dict[str, Any]
    body: bytes = field(default=b"", repr=False)

    def packed(self) -> bytes:
        """Return the frame's bytes."""
        head = json.dumps(self.head).encode()
        return LENGTHS.pack(len(head), len(self.body)) + head + self.body


def crossing(event: JobEvent, assignment: Assignment, shared: Blobs) -> Blobs:
    """Return where a large picture of this event crosses: both ends ask."""
    kept = assignment.pictures
    return shared if kept is None or isinstance(event, Preview) else kept


def lent(message: Submit | JobEvent, blobs: Blobs, **head: object) -> Note:
    """Return the note that carries a message, its large pictures put into blobs."""
    return Note(head, encode(detached(message, blobs)))
