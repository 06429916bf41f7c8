"""Pixels beside their message: files in a folder, one per picture, named by us.

Used twice: for what crosses to the worker process (in a memory file system) and for what the
journal keeps (in the state folder). A message whose picture lies in a blob says so in the picture's
`sha256`.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import typing
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from bridge.wire.messages import JobEvent, Picture, Submit

INLINE_BYTES = 64 * 1024  # smaller pictures stay in their message
_MARK = "blob:"
_NAME = re.compile(r"[0-9a-f]{32}")

Carrier = TypeVar("Carrier", bound=Submit | JobEvent)


class Blobs:
    """Blobs by name in a folder that is ours alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes | memoryview) -> str:
        """Return the name under which the content is found; raises OSError when it is full."""
        name = uuid.uuid4().hex
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                rest = memoryview(content).cast("B")
                while rest:
                    rest = rest[file.write(rest) :]
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return name

    def read(self, name: str) -> bytes:
        """Return a blob; raises FileNotFoundError, and ValueError for no name of ours."""
        return self._path(name).read_bytes()

    def drop(self, name: str) -> None:
        """Remove a blob; without effect when it is gone."""
        self._path(name).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Return the names of all blobs."""
        return {path.name for path in self.folder.iterdir()}

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("A blob's name is 32 hexadecimal digits.")
        return self.folder / name


def detached(message: Carrier, blobs: Blobs) -> Carrier:
    """Return the message with its large pictures put into blobs, and small views copied.

    A view would keep the whole frame it came with in memory.
    """
    changes = {
        field: dataclasses.replace(picture, data=b"", sha256=_MARK + blobs.put(picture.data))
        if _is_large(picture)
        else dataclasses.replace(picture, data=bytes(picture.data))
        for field, picture in _pictures(message)
        if _is_large(picture) or isinstance(picture.data, memoryview)
    }
    return dataclasses.replace(message, **changes) if changes else message


def is_heavy(message: Submit | JobEvent) -> bool:
    """Tell whether `detached` would write."""
    return any(_is_large(picture) for _, picture in _pictures(message))


def attached(message: Carrier, blobs: Blobs) -> Carrier:
    """Return the message with the pictures that lie in blobs."""
    changes = {
        field: dataclasses.replace(picture, data=blobs.read(_name(picture)), sha256="")
        for field, picture in _pictures(message)
        if picture.sha256.startswith(_MARK)
    }
    return dataclasses.replace(message, **changes) if changes else message


def blob_names(message: Submit | JobEvent) -> list[str]:
    """Return the names of the blobs that hold the message's pictures."""
    pictures = (picture for _, picture in _pictures(message))
    return [_name(picture) for picture in pictures if picture.sha256.startswith(_MARK)]


def _is_large(picture: Picture) -> bool:
    return len(picture.data) > INLINE_BYTES


def _name(picture: Picture) -> str:
    return picture.sha256.removeprefix(_MARK)


def _pictures(message: Submit | JobEvent) -> Iterator[tuple[str, Picture]]:
    for name in _picture_fields(type(message)):
        value = getattr(message, name)
        if isinstance(value, Picture):
            yield name, value


@functools.cache
def _picture_fields(kind: type[Submit | JobEvent]) -> tuple[str, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        item.name
        for item in dataclasses.fields(kind)
        if Picture in (hints[item.name], *typing.get_args(hints[item.name]))
    )
