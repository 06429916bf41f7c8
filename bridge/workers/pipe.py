"""Frames between the bridge and its worker process: `u32 u32 | JSON | body`.

The JSON says what is to be done, the body is a frame of the wire. Large pictures do not pass
through the pipe: they wait in shared memory.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

from bridge.blobs import Blobs, detached
from bridge.wire.codec import encode
from bridge.wire.messages import JobEvent, Submit

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


def lent(message: Submit | JobEvent, blobs: Blobs, **head: object) -> Note:
    """Return the note that carries a message, its large pictures put into shared memory."""
    return Note(head, encode(detached(message, blobs)))
