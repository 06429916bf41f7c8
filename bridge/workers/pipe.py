"""Frames between the bridge and its worker process: `u32 u32 | JSON | body`.

The JSON says what is to be done, the body is a frame of the wire. Pictures beyond a few kilobytes
do not pass through the pipe: they wait in shared memory under the names in the JSON's `shared`.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.wire.codec import encode
from bridge.wire.messages import JobEvent, Picture, Submit
from bridge.workers.shared import SharedBlobs

LENGTHS = struct.Struct("<II")
INLINE_BYTES = 64 * 1024  # larger pictures go through shared memory
_MOVED = "shared"  # stands as the hash of a picture whose bytes went another way

Carried = TypeVar("Carried", Submit, JobEvent)


@dataclass(frozen=True, slots=True)
class Note:
    """One frame: what to do, and a wire frame where there is one."""

    head: dict[str, Any]
    body: bytes = field(default=b"", repr=False)

    def packed(self) -> bytes:
        """Return the frame's bytes."""
        head = json.dumps(self.head).encode()
        return LENGTHS.pack(len(head), len(self.body)) + head + self.body


def lent(message: Submit | JobEvent, blobs: SharedBlobs, **head: object) -> Note:
    """Return the note that carries a message, its large pictures put into shared memory."""
    moved: dict[str, str] = {}
    changes: dict[str, Picture] = {}
    for name, picture in _pictures(message):
        if len(picture.data) > INLINE_BYTES:
            moved[name] = blobs.put(picture.data)
            changes[name] = dataclasses.replace(picture, data=b"", sha256=_MOVED)
    light = dataclasses.replace(message, **changes) if changes else message
    return Note({**head, "shared": moved}, encode(light))


def returned(message: Carried, note: Note, blobs: SharedBlobs) -> Carried:
    """Return a message with the pictures that waited in shared memory."""
    changes = {
        name: dataclasses.replace(getattr(message, name), data=blobs.take(blob), sha256="")
        for name, blob in note.head["shared"].items()
    }
    return dataclasses.replace(message, **changes) if changes else message


def _pictures(message: Submit | JobEvent) -> list[tuple[str, Picture]]:
    found = ((item.name, getattr(message, item.name)) for item in dataclasses.fields(message))
    return [(name, value) for name, value in found if isinstance(value, Picture)]
