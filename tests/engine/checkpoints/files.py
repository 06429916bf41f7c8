"""Files for tests: safetensors written byte by byte, so that headers of any kind can be made."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.checkpoints.headers import BITS

Shapes = Mapping[str, Sequence[int]]


def written(
    path: Path,
    shapes: Shapes,
    *,
    dtype: str = "F16",
    dtypes: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a sound safetensors file of zeros (sparse, so that real sizes take no room)."""
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    place = 0
    for name, shape in shapes.items():
        kind = (dtypes or {}).get(name, dtype)
        length = math.prod(shape) * BITS[kind] // 8
        header[name] = {
            "dtype": kind,
            "shape": list(shape),
            "data_offsets": [place, place + length],
        }
        place += length
    return raw(path, json.dumps(header).encode(), data=place)


def raw(path: Path, header: bytes, *, length: int | None = None, data: int = 0) -> Path:
    """Write any header with any length before it and `data` zero bytes after it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    claimed = len(header) if length is None else length
    with path.open("wb") as stream:
        stream.write(claimed.to_bytes(8, "little") + header)
        stream.truncate(8 + len(header) + data)
    return path


def indexed(folder: Path, shards: Sequence[Shapes], stem: str = "model") -> Path:
    """Write shards and their index; return the index."""
    placed: dict[str, str] = {}
    for number, shapes in enumerate(shards, 1):
        name = f"{stem}-{number:05}-of-{len(shards):05}.safetensors"
        written(folder / name, shapes)
        placed |= dict.fromkeys(shapes, name)
    index = folder / f"{stem}.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": placed}))
    return index
