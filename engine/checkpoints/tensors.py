"""Questions to the names and shapes of tensors: which parts there are, how large, how precise."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter

from engine.checkpoints.headers import TensorTable

Tensors = TensorTable
PRECISIONS = {
    "F64": "fp64",
    "F32": "fp32",
    "F16": "fp16",
    "BF16": "bf16",
    "F8_E4M3": "fp8",
    "F8_E4M3FNUZ": "fp8",
    "F8_E5M2": "fp8_e5m2",
    "F8_E5M2FNUZ": "fp8_e5m2",
    "F4": "fp4",
    "I8": "int8",
    "U8": "packed",
}
_ALMOST_ALL = 0.9  # of the bytes in one type: below that a file is mixed


def within(tensors: Tensors, prefix: str) -> Tensors:
    """Return the tensors under a prefix, by their names without it."""
    if not prefix:
        return tensors
    start = len(prefix)
    inside = {name[start:]: info for name, info in tensors.items() if name.startswith(prefix)}
    return TensorTable(inside)


def any_under(tensors: Tensors, *prefixes: str) -> bool:
    """Tell whether a name starts with one of the prefixes."""
    text = tensors.text
    return any(f"\n{prefix}" in text for prefix in prefixes)


def width(tensors: Tensors, name: str, axis: int = 1) -> int | None:
    """Return the length of a tensor along an axis, None where there is no such tensor or axis."""
    info = tensors.get(name)
    return info.shape[axis] if info is not None and len(info.shape) > axis else None


def size(tensors: Tensors) -> int:
    """Return the bytes that the tensors take."""
    return sum(map(itemgetter(2), tensors.values()))


def precision(tensors: Tensors) -> str | None:
    """Return the type of most of the bytes, several joined by + where none has nearly all."""
    types = set(map(itemgetter(0), tensors.values()))
    if len(types) == 1:
        return PRECISIONS.get(types.pop())
    by_type: dict[str, int] = {}
    for dtype, _, length in tensors.values():
        by_type[dtype] = by_type.get(dtype, 0) + length
    counts: Counter[str] = Counter()
    for dtype, length in by_type.items():
        if dtype in PRECISIONS:
            counts[PRECISIONS[dtype]] += length
    total = counts.total()
    if not total:
        return None
    ranked = counts.most_common()
    if ranked[0][1] >= _ALMOST_ALL * total:
        return ranked[0][0]
    return "+".join(name for name, count in ranked if count >= (1 - _ALMOST_ALL) / 2 * total)
