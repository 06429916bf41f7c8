"""ONNX files written by hand, so that a test needs neither a download nor the onnx package.

Only what a small network of convolutions needs of the format (protobuf, onnx.proto): a model with
one graph of Conv, Transpose and Reshape nodes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT64, _INTS = 1, 7, 7  # TensorProto.FLOAT, .INT64, AttributeProto.INTS


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _block(field: int, content: bytes | str) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, values: NDArray[np.generic]) -> bytes:
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    sides = b"".join(_number(1, side) for side in values.shape)
    return sides + _number(2, kind) + _block(8, name) + _block(9, values.tobytes())


def _attribute(name: str, values: Sequence[int]) -> bytes:
    numbers = b"".join(_number(8, value) for value in values)
    return _block(5, _block(1, name) + numbers + _number(20, _INTS))


def _node(kind: str, given: Sequence[str], made: str, **attributes: Sequence[int]) -> bytes:
    inputs = b"".join(_block(1, name) for name in given)
    settings = b"".join(_attribute(name, values) for name, values in attributes.items())
    return _block(1, inputs + _block(2, made) + _block(3, made) + _block(4, kind) + settings)


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sides = b"".join(
        _block(1, _block(2, side) if isinstance(side, str) else _number(1, side)) for side in shape
    )
    tensor = _block(1, _number(1, _FLOAT) + _block(2, sides))
    return _block(1, name) + _block(2, tensor)


def yunet_like() -> bytes:
    """Return a network with YuNet's inputs and outputs: where a cell is bright, it sees a face.

    Per stride s: `cls_s` and `obj_s` (1, cells, 1), `bbox_s` (1, cells, 4), `kps_s` (1, cells, 10);
    boxes are a cell wide, since exp(0) = 1.
    """
    nodes, weights, outputs = b"", b"", b""
    for stride in (8, 16, 32):
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            kernel = np.zeros((channels, 3, stride, stride), np.float32)
            if channels == 1:  # the mean of a cell, 0 to 1
                kernel += 1 / (3 * 255 * stride * stride)
            made = f"{name}_{stride}"
            weights += _block(5, _tensor(f"{made}_w", kernel))
            weights += _block(5, _tensor(f"{made}_s", np.array([1, -1, channels], np.int64)))
            sides = {"kernel_shape": (stride, stride), "strides": (stride, stride)}
            nodes += _node("Conv", ("input", f"{made}_w"), f"{made}_c", **sides)
            nodes += _node("Transpose", (f"{made}_c",), f"{made}_t", perm=(0, 2, 3, 1))
            nodes += _node("Reshape", (f"{made}_t", f"{made}_s"), made)
            outputs += _block(12, _value(made, (1, "cells", channels)))
    taken = _block(11, _value("input", (1, 3, "height", "width")))
    graph = nodes + _block(2, "yunet_like") + weights + taken + outputs
    return _number(1, 8) + _block(8, _number(2, 13)) + _block(7, graph)
