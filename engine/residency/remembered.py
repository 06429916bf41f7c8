"""Results worth keeping, by what they were computed from: embeddings of prompts, encoded pictures.

A painter changes one thing at a time: the same prompt with another seed, the same picture with
another prompt. A family keeps one `Remembered` a loaded model and asks it before it asks a text
tower or an encoder::

    key = content_key("words", adapters, prompt)
    tokens = self._remembered.recalled(key, lambda: self._encoded(prompt))

The key names everything the result depends on, adapters with their weights included, by content:
two pictures with the same pixels are one picture. What comes back is shared: never write into it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Result = TypeVar("Result")
MOST_BYTES = 128 * 2**20  # thirty prompts of the longest text towers, or hundreds of CLIP's


class Remembered:
    """Results by key, the least recently used given up when they pass `most_bytes`.

    Used from the thread that paints alone.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """How much all results take now."""
        return self._bytes

    def recalled(self, key: str, make: Callable[[], Result]) -> Result:
        """Return the result of a key, made now unless it is remembered.

        What alone is larger than the bound is made and not kept; what `make` raises passes through.
        """
        if key in self._held:
            self._held.move_to_end(key)
            return cast("Result", self._held[key][0])
        made = make()
        size = bytes_of(made)
        if size <= self._most:
            self._held[key] = made, size
            self._bytes += size
            self._shrink()
        return made

    def forget(self) -> None:
        """Give everything back: weights or adapters changed, or the memory is wanted."""
        self._held.clear()
        self._bytes = 0

    def _shrink(self) -> None:
        while self._bytes > self._most:
            _, (_, size) = self._held.popitem(last=False)
            self._bytes -= size


def content_key(*parts: object) -> str:
    """Return a key by content of texts, numbers, None, tensors, arrays, and what is made of them.

    Sequences, mappings and dataclasses are taken apart; other things are a TypeError, because their
    text would be an address.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in _flattened(parts):
        digest.update(len(part).to_bytes(8, "little"))  # "ab", "c" is not "a", "bc"
        digest.update(part)
    return digest.hexdigest()


def bytes_of(value: object) -> int:
    """Return the bytes of all tensors and arrays in a value, each once."""
    seen: dict[int, int] = {}
    _weigh(value, seen)
    return sum(seen.values())


def _weigh(value: object, seen: dict[int, int]) -> None:
    if isinstance(value, np.ndarray) or _is_tensor(value):
        seen[id(value)] = cast("Any", value).nbytes
    for part in _members(value):
        _weigh(part, seen)


def _flattened(value: object) -> Iterable[memoryview | bytes]:
    """Yield bytes that only equal contents share: a kind, then what it holds."""
    if value is None or isinstance(value, (str, int, float)):
        yield f"{type(value).__name__}:{value!r}".encode()
    elif isinstance(value, bytes):
        yield b"bytes:" + value
    elif isinstance(value, np.ndarray):
        yield f"array:{value.dtype}:{value.shape}".encode()
        yield np.ascontiguousarray(value).reshape(-1).view(np.uint8).data
    elif _is_tensor(value):
        yield from _tensor_bytes(cast("Tensor", value))
    elif _is_composite(value):
        members = list(_members(value))
        yield f"{type(value).__name__}({len(members)})".encode()
        for member in members:
            yield from _flattened(member)
    else:
        raise TypeError(f"No key by content can be made of {type(value).__name__}.")


def _tensor_bytes(tensor: Tensor) -> Iterable[memoryview | bytes]:
    import torch

    plain = tensor.detach().cpu().contiguous().reshape(-1)
    yield f"tensor:{tensor.dtype}:{tuple(tensor.shape)}".encode()
    yield plain.view(torch.uint8).numpy().data


def _is_composite(value: object) -> bool:
    return isinstance(value, (list, tuple, Mapping)) or _is_record(value)


def _is_record(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _members(value: object) -> Iterable[object]:
    """Return what a sequence, mapping or dataclass holds; nothing of anything else."""
    if isinstance(value, Mapping):
        return [part for item in value.items() for part in item]
    if isinstance(value, (list, tuple)):
        return value
    if _is_record(value):
        fields = dataclasses.fields(cast("Any", value))
        return [getattr(value, field.name) for field in fields]
    return ()


def _is_tensor(value: object) -> bool:
    # By name, so that nobody imports torch to remember a number.
    return type(value).__module__.startswith("torch") and hasattr(value, "untyped_storage")
